"""Compares training settings: `python -m tests.training_study FOLDER_OF_CIFAR10_MINI > resources/docs/training.md`.

`--results FILE` keeps each finished cell, so that a study that was ended goes on; `--seeds` says how many.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.training_study.images import image_recipes
from tests.training_study.page import page
from tests.training_study.settings import CHANGED
from tests.training_study.study import study


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.training_study", description=__doc__)
    parser.add_argument("cifar10_mini", type=Path)
    parser.add_argument("--results", type=Path, help="where finished cells are kept, one JSON object a line")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--settings", nargs="*", choices=list(CHANGED), default=list(CHANGED))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        recipes = image_recipes(arguments.cifar10_mini, Path(folder))
        results = arguments.results or Path(folder) / "results.jsonl"
        chosen = {name: CHANGED[name] for name in arguments.settings}
        cells = []
        for cell in study(recipes, chosen, range(1, arguments.seeds + 1), results):
            sys.stderr.write(f"{cell.images}, {cell.backbone}, {cell.settings}, seed {cell.seed}: ")
            sys.stderr.write(f"{cell.test_accuracy:.3f} in {cell.seconds:.0f} s\n")
            cells.append(cell)
    sys.stdout.write(page(cells))
    return 0


if __name__ == "__main__":
    sys.exit(main())
