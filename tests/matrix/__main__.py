"""Prints the matrix of all backbones and steps: `python -m tests.matrix > matrix.md`, then put it into resources/docs.

`python -m tests.matrix ROW… > matrix.md` runs those rows only, and prints the others as the page in the docs has them.
`python -m tests.matrix --missing` runs only the columns that the page in the docs has not, of all rows or of those
named; `--processes` says how many rows at once.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.matrix.cell import run_row_by_itself
from tests.matrix.chains import chains
from tests.matrix.page import cells_of, page
from tests.matrix.rows import rows

PRINTED = Path(__file__).resolve().parents[2] / "resources" / "docs" / "matrix.md"


def main() -> int:
    """Returns 1 where a cell failed that the pre-flight had let begin."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    parser.add_argument("rows", nargs="*", choices=[*rows(), []], help="to run; without: all")
    parser.add_argument("--missing", action="store_true")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    partly = arguments.rows or arguments.missing
    done = cells_of(PRINTED.read_text(encoding="utf-8")) if partly else {}
    chosen = {title: settings for title, settings in rows().items() if not arguments.rows or title in arguments.rows}
    wanted = {
        title: {
            column: steps
            for column, steps in chains().items()
            if not arguments.missing or column not in done.get(title, {})
        }
        for title in chosen
    }
    # One process per row, so that what TensorFlow keeps of a network goes with it. Building graphs takes one core.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(arguments.processes, spawn, max_tasks_per_child=1) as processes:
        results = processes.map(run_row_by_itself, chosen, chosen.values(), wanted.values())
        for title, cells in zip(chosen, results, strict=True):
            done[title] = (done.get(title, {}) if arguments.missing else {}) | cells
    # A row that was not run again may lack a new column.
    complete = {title: done[title] for title in rows() if title in done and chains().keys() <= done[title].keys()}
    sys.stdout.write(page({title: {column: cells[column] for column in chains()} for title, cells in complete.items()}))
    return int(any(cell.failed for cells in complete.values() for cell in cells.values()))


if __name__ == "__main__":
    sys.exit(main())
