"""Every backbone with every step: it runs and keeps its promise, or the pre-flight refuses it with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.matrix.cell import refusal, run_row
from tests.matrix.chains import chains, pcqat
from tests.matrix.page import cells_of, page
from tests.matrix.rows import rows


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("title", rows())
def test_what_the_pre_flight_lets_begin_keeps_its_promises(title: str, tmp_path: Path) -> None:
    cells = run_row(rows()[title], chains(), tmp_path)
    assert {column: cell.failed for column, cell in cells.items() if cell.failed} == {}
    assert all(cell.refused or cell.tflite_bytes for cell in cells.values())
    assert all(cell.refused or not cell.runtimes["litert"] for cell in cells.values())


def test_the_longest_chain_on_the_smallest_network(tmp_path: Path) -> None:
    cells = run_row(rows()["resnet8"], {"PCQAT": pcqat(training=False)}, tmp_path)
    assert cells["PCQAT"].failed == ""
    assert cells["PCQAT"].tflite_bytes > 0
    assert set(cells["PCQAT"].runtimes.values()) == {""}


def test_which_schemes_of_the_smallest_network_run_where(tmp_path: Path) -> None:
    pytest.importorskip("tflite_micro", reason="has no wheel for this platform")
    schemes = ("float16", "dynamic range", "int8", "int16x8", "int4")
    cells = run_row(rows()["resnet8"], {title: chains()[title] for title in schemes}, tmp_path)
    assert {
        title for title in schemes if any(cells[title].runtimes[key] for key in ("litert", "litert_reference"))
    } == set()
    assert {title for title in schemes if cells[title].runtimes["tflm"]} == {"float16", "int4"}
    # Its kernels are so small that dynamic range leaves them in floats.
    printed = page({"resnet8": cells})
    assert page(cells_of(printed)) == printed
    assert "| all | all | all but float16 (1), int4 (2) |" in printed


@pytest.mark.parametrize("title", rows())
def test_the_page_of_the_docs_tells_what_the_pre_flight_tells(title: str, checkout: Path) -> None:
    printed = (checkout / "resources" / "docs" / "matrix.md").read_text(encoding="utf-8").splitlines()
    # The first table; which runtimes a row was tried in is told by the second.
    _, *columns = _cells(next(line for line in printed if line.startswith("| backbone")))
    _, *cells = _cells(next(line for line in printed if line.startswith(f"| `{title}` |")))
    assert columns == list(chains()), "print it again: python -m tests.matrix > resources/docs/matrix.md"
    for column, cell in zip(columns, cells, strict=True):
        reason = refusal(rows()[title], column, chains()[column])
        if reason:
            number = cell.removeprefix("refused (").removesuffix(")")
            assert f"{number}. {reason}" in printed
        else:
            assert int(cell.replace(",", "")) > 0, column


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_rows_that_are_not_run_again_are_printed_as_they_were(checkout: Path) -> None:
    printed = (checkout / "resources" / "docs" / "matrix.md").read_text(encoding="utf-8")
    assert page(cells_of(printed)) == printed
