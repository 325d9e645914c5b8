"""Compares the criteria of channel pruning: `python -m tests.channel_study FOLDER_OF_CIFAR10_MINI`, which prints the
table of resources/docs/channel-pruning.md.

`--results FOLDER` keeps finished cells and trainings, so that a study that was ended goes on; `--seeds` says how many.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import Recipe
from engine.contract.training_settings import TrainingSettings
from tests.channel_study.page import table
from tests.channel_study.study import FROM_SCRATCH, METHODS, channel_study


def main() -> int:
    every = (*METHODS, FROM_SCRATCH)
    parser = argparse.ArgumentParser(prog="python -m tests.channel_study", description=__doc__)
    parser.add_argument("cifar10_mini", type=Path)
    parser.add_argument("--results", type=Path, help="where finished cells are kept")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=20, help="of the baseline")
    parser.add_argument("--fine-tuning", type=int, default=10, help="epochs")
    parser.add_argument("--width", type=float, default=0.5, help="of resnet18")
    parser.add_argument("--methods", nargs="*", choices=every, default=every)
    arguments = parser.parse_args()
    recipe = Recipe(
        dataset=DatasetSettings(kind="image_folder", path=str(arguments.cifar10_mini)),
        images=ImageSettings(size=32),
        backbone=BackboneSettings(kind="resnet18", width=arguments.width),
        training=TrainingSettings(epochs=arguments.epochs, augment=("small_shift", "hflip")),
    )
    cells = []
    with tempfile.TemporaryDirectory() as folder:
        seeds = range(1, arguments.seeds + 1)
        results = arguments.results or Path(folder)
        for cell in channel_study(recipe, arguments.fine_tuning, seeds, arguments.methods, results):
            told = f"{cell.method}, seed {cell.seed}: {cell.test_accuracy:.3f} in {cell.seconds:.0f} s\n"
            sys.stderr.write(told)
            cells.append(cell)
    sys.stdout.write(table(cells, arguments.epochs, arguments.fine_tuning))
    return 0


if __name__ == "__main__":
    sys.exit(main())
