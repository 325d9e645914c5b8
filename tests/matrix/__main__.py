"""Prints the matrix of all backbones and steps: `python -m tests.matrix > resources/docs/matrix.md`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.matrix.cell import run_row
from tests.matrix.chains import chains
from tests.matrix.page import page
from tests.matrix.rows import rows


def main() -> int:
    """Returns 1 where a cell failed that the pre-flight had let begin."""
    done = {}
    for title, backbone in rows().items():
        with tempfile.TemporaryDirectory() as folder:
            done[title] = run_row(backbone, chains(), Path(folder))
        sys.stderr.write(f"{title}: {sum(bool(cell.tflite_bytes) for cell in done[title].values())} ran\n")
    sys.stdout.write(page(done))
    return int(any(cell.failed for cells in done.values() for cell in cells.values()))


if __name__ == "__main__":
    sys.exit(main())
