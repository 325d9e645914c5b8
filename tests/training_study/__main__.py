"""Compares training settings: `python -m tests.training_study FOLDER_OF_CIFAR10_MINI > resources/docs/training.md`.

`--results FOLDER` keeps each finished cell, so that a study that was ended goes on; `--seeds` says how many.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.training_study.fine_tuning import fine_tuning_study
from tests.training_study.images import image_recipes
from tests.training_study.page import page
from tests.training_study.settings import BACKBONES, CHANGED, FINE_TUNED
from tests.training_study.study import study


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.training_study", description=__doc__)
    parser.add_argument("cifar10_mini", type=Path)
    parser.add_argument("--results", type=Path, help="where finished cells are kept")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--settings", nargs="*", choices=list(CHANGED), default=list(CHANGED))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        recipes = image_recipes(arguments.cifar10_mini, Path(folder))
        results = arguments.results or Path(folder)
        chosen = {name: CHANGED[name] for name in arguments.settings}
        seeds = range(1, arguments.seeds + 1)
        cells, fine_tuned = [], []
        for cell in study(recipes, BACKBONES, chosen, seeds, results / "settings.jsonl"):
            sys.stderr.write(f"{cell.images}, {cell.backbone}, {cell.settings}, seed {cell.seed}: ")
            sys.stderr.write(f"{cell.test_accuracy:.3f} in {cell.seconds:.0f} s\n")
            cells.append(cell)
        for tuned in fine_tuning_study(recipes, FINE_TUNED, seeds, results / "fine_tuning.jsonl"):
            sys.stderr.write(f"{tuned.images}, {tuned.backbone}, {tuned.step}, rate × {tuned.share:g}: ")
            sys.stderr.write(f"{tuned.baseline_accuracy:.3f} → {tuned.accuracy:.3f} in {tuned.seconds:.0f} s\n")
            fine_tuned.append(tuned)
    sys.stdout.write(page(cells, fine_tuned))
    return 0


if __name__ == "__main__":
    sys.exit(main())
