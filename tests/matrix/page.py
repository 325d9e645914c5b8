"""The matrix as a page of the docs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from engine.contract.runtime import RUNTIMES
from tests.matrix.cell import SIDE_PX, WIDTH, Cell

FAILED = "FAILED: "
HEAD = f"""# Every backbone with every step

Each cell is one backbone, compressed by one chain, as far as its `.tflite` file: it was trained for an epoch on a few
drawn hearts of {SIDE_PX}×{SIDE_PX}, each stage ran, and what it promises was checked on the file (its zeros, its
clusters, its number types). The figure is the file's size in kB, at width {WIDTH:g}; accuracy is not shown. What
cannot work is refused before anything is trained; the number leads to the pre-flight's reason.

This page is printed by `python -m tests.matrix`, which takes about half an hour on two cores.
"""


RUNTIMES_HEAD = """## Where the files run

The same files, each tried on the drawn hearts in every [runtime](runtimes.md). The number leads to the reason why a
chain's file does not run there. A dash stands where the row was not tried yet: `python -m tests.matrix ROW` tries it.
"""
ALL, EXCEPT, UNTRIED = "all", "all but ", "–"
LEFT_OUT = re.compile(r"(.+?) \((\d+)\)(?:, |$)")
Rows = Mapping[str, Mapping[str, Cell]]
"""Backbone → column's title → what came of it."""


def page(rows: Rows) -> str:
    """The page's text."""
    columns = list(next(iter(rows.values())))
    reasons: list[str] = []
    lines = [f"| backbone | {' | '.join(columns)} |", "| --- |" + " ---: |" * len(columns)]
    for backbone, cells in rows.items():
        lines.append(f"| `{backbone}` | {' | '.join(_text(cells[column], reasons) for column in columns)} |")
    refused = len(reasons)
    tried = [f"| backbone | {' | '.join(RUNTIMES)} |", "| --- |" + " --- |" * len(RUNTIMES.keys())]
    for backbone, cells in rows.items():
        tried.append(f"| `{backbone}` | {' | '.join(_tried_text(cells, key, reasons) for key in RUNTIMES)} |")
    notes = [f"{number}. {reason}" for number, reason in enumerate(reasons, start=1)]
    return (
        "\n".join(
            [
                HEAD,
                *lines,
                *(["", "Refused:", "", *notes[:refused]] if refused else []),
                "",
                RUNTIMES_HEAD,
                *tried,
                *(["", "Do not run:", "", *notes[refused:]] if notes[refused:] else []),
            ]
        )
        + "\n"
    )


def cells_of(printed: str) -> dict[str, dict[str, Cell]]:
    """The rows of a page, as `page` takes them; sizes are as exact as it prints them."""
    lines = printed.splitlines()
    reasons = dict(line.split(". ", 1) for line in lines if line.partition(". ")[0].isdecimal())
    table, tried = (_table(part) for part in _parts(lines))
    return {
        backbone: {
            column: replace(_cell(text, reasons), runtimes=_reasons(column, tried.get(backbone, {}), reasons))
            for column, text in cells.items()
        }
        for backbone, cells in table.items()
    }


def _parts(lines: list[str]) -> tuple[list[str], list[str]]:
    """What stands before the second table's title, and from it on; nothing of a page of earlier versions."""
    title = RUNTIMES_HEAD.splitlines()[0]
    place = lines.index(title) if title in lines else len(lines)
    return lines[:place], lines[place:]


def _table(lines: list[str]) -> dict[str, dict[str, str]]:
    """Backbone → column → text."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    if not rows:
        return {}
    (_, *columns), _, *body = rows
    return {backbone.strip("`"): dict(zip(columns, cells, strict=True)) for backbone, *cells in body}


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
    return f"refused ({_number(cell.refused, reasons)})"


def _tried_text(cells: Mapping[str, Cell], runtime: str, reasons: list[str]) -> str:
    """Of one runtime: which chains' files run there."""
    tried = {column: cell.runtimes[runtime] for column, cell in cells.items() if runtime in cell.runtimes}
    if not tried:
        return UNTRIED
    left_out = [f"{column} ({_number(reason, reasons)})" for column, reason in tried.items() if reason]
    return f"{EXCEPT}{', '.join(left_out)}" if left_out else ALL


def _reasons(column: str, texts: Mapping[str, str], reasons: Mapping[str, str]) -> dict[str, str]:
    """Runtime → why the column's file does not run there."""
    found = {}
    for runtime, text in texts.items():
        if text != UNTRIED:
            left_out = dict(LEFT_OUT.findall(text.removeprefix(EXCEPT)))
            found[runtime] = reasons[left_out[column]] if column in left_out else ""
    return found


def _number(reason: str, reasons: list[str]) -> int:
    if reason not in reasons:
        reasons.append(reason)
    return reasons.index(reason) + 1
