"""The kinds of images that training settings are compared on; each asks something else of a network."""

from __future__ import annotations

from pathlib import Path

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import Recipe
from tests.training_study.small_objects import SIDE_PX, write_small_objects

PER_CLASS = 250
OBJECTS_TRAIN, OBJECTS_TEST, OBJECTS_SEED = 1800, 900, 5


def image_recipes(cifar10_mini: Path, folder: Path) -> dict[str, Recipe]:
    """What is compared on → a recipe with the dataset and the images' settings alone.

    Args:
        cifar10_mini: a folder with train/ and test/ and a folder per class in each.
        folder: where images are drawn to.
    """
    objects = folder / "small_objects.npz"
    if not objects.is_file():
        write_small_objects(objects, OBJECTS_TRAIN, OBJECTS_TEST, OBJECTS_SEED)
    return {
        "photographs": Recipe(
            dataset=DatasetSettings(kind="image_folder", path=str(cifar10_mini), limit_per_class=PER_CLASS),
            images=ImageSettings(size=32),
        ),
        "drawn hearts": Recipe(
            dataset=DatasetSettings(kind="phantom", limit_per_class=3 * PER_CLASS),
            images=ImageSettings(size=48, color="grayscale"),
        ),
        "small objects": Recipe(
            dataset=DatasetSettings(kind="npz", path=str(objects)), images=ImageSettings(size=SIDE_PX)
        ),
    }
