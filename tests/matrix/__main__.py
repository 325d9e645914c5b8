"""Prints the matrix of all backbones and steps: `python -m tests.matrix > resources/docs/matrix.md`."""

from __future__ import annotations

import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor

from tests.matrix.cell import run_row_by_itself
from tests.matrix.page import page
from tests.matrix.rows import rows


def main() -> int:
    """Returns 1 where a cell failed that the pre-flight had let begin."""
    # One process per row, so that what TensorFlow keeps of a network goes with it. Building graphs takes one core.
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn"), max_tasks_per_child=1) as processes:
        results = processes.map(run_row_by_itself, rows(), rows().values())
        done = dict(zip(rows(), results, strict=True))
    sys.stdout.write(page(done))
    return int(any(cell.failed for cells in done.values() for cell in cells.values()))


if __name__ == "__main__":
    sys.exit(main())
