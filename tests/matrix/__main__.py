"""Prints the matrix of all backbones and steps: `python -m tests.matrix > matrix.md`, then put it into resources/docs.

`python -m tests.matrix ROW… > matrix.md` runs those rows only, and prints the others as the page in the docs has them.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.matrix.cell import run_row_by_itself
from tests.matrix.page import cells_of, page
from tests.matrix.rows import rows

PRINTED = Path(__file__).resolve().parents[2] / "resources" / "docs" / "matrix.md"


def main(titles: list[str]) -> int:
    """Returns 1 where a cell failed that the pre-flight had let begin.

    Args:
        titles: of the rows to run; empty: all.
    """
    earlier = cells_of(PRINTED.read_text(encoding="utf-8")) if titles else {}
    chosen = {title: settings for title, settings in rows().items() if not titles or title in titles}
    # One process per row, so that what TensorFlow keeps of a network goes with it. Building graphs takes one core.
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn"), max_tasks_per_child=1) as processes:
        results = processes.map(run_row_by_itself, chosen, chosen.values())
        done = earlier | dict(zip(chosen, results, strict=True))
    sys.stdout.write(page({title: done[title] for title in rows() if title in done}))
    return int(any(cell.failed for cells in done.values() for cell in cells.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
