"""Every backbone with every step: it runs and keeps its promise, or the pre-flight refuses it with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.matrix.cell import run_row
from tests.matrix.chains import chains, pcqat
from tests.matrix.rows import rows


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("title", rows())
def test_what_the_pre_flight_lets_begin_keeps_its_promises(title: str, tmp_path: Path) -> None:
    cells = run_row(rows()[title], chains(), tmp_path)
    assert {column: cell.failed for column, cell in cells.items() if cell.failed} == {}
    assert all(cell.refused or cell.tflite_bytes for cell in cells.values())


def test_the_longest_chain_on_the_network_of_most_kinds_of_layers(tmp_path: Path) -> None:
    cells = run_row(rows()["mobilenet_v3_small"], {"PCQAT": pcqat(training=False)}, tmp_path)
    assert cells["PCQAT"].failed == ""
    assert cells["PCQAT"].tflite_bytes > 0
