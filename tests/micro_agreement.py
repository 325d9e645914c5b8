"""Prints how the files of a finished run answer in TensorFlow Lite Micro beside LiteRT, on the run's own test images.

python -m tests.micro_agreement RUNS_DIRECTORY
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from engine.contract.recipe_file import read_recipe
from engine.datasets.cache.preparation import prepare, scan
from engine.datasets.source import Split
from engine.feeding.fed_images import FedImages
from engine.feeding.pipeline import fit_pipeline
from engine.store.locations import Locations
from tests.engine.export.conftest import probabilities
from tests.engine.export.micro import micro_probabilities


def main(runs_directory: Path) -> None:
    """One line a file: images decided alike, and the largest difference of a probability."""
    locations = Locations(runs_directory)
    for run in sorted(locations.runs.iterdir()):
        recipe = read_recipe(run / "recipe.toml")
        images = recipe.images.first
        index = scan(recipe.dataset, recipe.seed, cache=locations.image_cache)
        dataset = prepare(index, recipe.dataset, images, recipe.seed, locations.image_cache)
        fed = np.stack(list(FedImages(dataset, fit_pipeline(images, dataset), dataset.splits[Split.TEST])))
        for file in sorted((run / "models").glob("*.tflite")):
            content = file.read_bytes()
            here = probabilities(content, fed)
            try:
                there = micro_probabilities(content, list(fed))
            except RuntimeError as error:
                print(f"{run.name}, {file.name}: does not load in TensorFlow Lite Micro ({error})")
                continue
            alike = int((_decided(here) == _decided(there)).sum())
            apart = float(np.abs(here - there).max())
            print(
                f"{run.name}, {file.name}: same class on {alike} of {len(fed)} images, largest difference {apart:.6f}"
            )


def _decided(answers: np.ndarray) -> np.ndarray:
    return answers[:, 0] >= 0.5 if answers.shape[1] == 1 else answers.argmax(axis=1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
