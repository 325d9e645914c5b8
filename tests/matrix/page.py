"""The matrix as a page of the docs."""

from __future__ import annotations

from collections.abc import Mapping

from tests.matrix.cell import SIDE_PX, WIDTH, Cell

FAILED = "FAILED: "
HEAD = f"""# Every backbone with every step

Each cell is one backbone, compressed by one chain, as far as its `.tflite` file: it was trained for an epoch on a few
drawn hearts of {SIDE_PX}×{SIDE_PX}, each stage ran, and what it promises was checked on the file (its zeros, its
clusters, its number types). The figure is the file's size in kB, at width {WIDTH:g}; accuracy is not shown. What
cannot work is refused before anything is trained; the number leads to the pre-flight's reason.

This page is printed by `python -m tests.matrix`, which takes about half an hour on two cores.
"""


def page(rows: dict[str, dict[str, Cell]]) -> str:
    """The page's text.

    Args:
        rows: backbone → column's title → what came of it.
    """
    columns = list(next(iter(rows.values())))
    reasons: list[str] = []
    lines = [f"| backbone | {' | '.join(columns)} |", "| --- |" + " ---: |" * len(columns)]
    for backbone, cells in rows.items():
        lines.append(f"| `{backbone}` | {' | '.join(_text(cells[column], reasons) for column in columns)} |")
    notes = [f"{number}. {reason}" for number, reason in enumerate(reasons, start=1)]
    return "\n".join([HEAD, *lines, *(["", "Refused:", "", *notes] if notes else [])]) + "\n"


def cells_of(printed: str) -> dict[str, dict[str, Cell]]:
    """The rows of a page, as `page` takes them; sizes are as exact as it prints them."""
    lines = printed.splitlines()
    reasons = dict(line.split(". ", 1) for line in lines if line.partition(". ")[0].isdecimal())
    header, _, *body = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return {
        backbone.strip("`"): {column: _cell(text, reasons) for column, text in zip(header[1:], cells, strict=True)}
        for backbone, *cells in body
    }


def _cell(text: str, reasons: Mapping[str, str]) -> Cell:
    if text.startswith("refused"):
        return Cell(refused=reasons[text.removeprefix("refused (").removesuffix(")")])
    if text.startswith(FAILED):
        return Cell(failed=text.removeprefix(FAILED))
    return Cell(int(text.replace(",", "")) * 1000)


def _text(cell: Cell, reasons: list[str]) -> str:
    if cell.failed:
        return f"{FAILED}{cell.failed}"
    if not cell.refused:
        return f"{cell.tflite_bytes / 1000:,.0f}"
    if cell.refused not in reasons:
        reasons.append(cell.refused)
    return f"refused ({reasons.index(cell.refused) + 1})"
