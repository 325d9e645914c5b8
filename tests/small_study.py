"""A real study that is small enough for every test run: drawn hearts as files, a narrow network, two epochs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.contract.recipe import (
    BackboneSettings,
    ChainSettings,
    DatasetSettings,
    DwtSettings,
    ImageSettings,
    Recipe,
    TrainingSettings,
)
from engine.datasets.phantom_heart import draw_heart

IMAGES_A_CLASS = 24


def draw_class_folders(root: Path, count: int = IMAGES_A_CLASS) -> Path:
    """Write PNG files of drawn hearts: root/normal/000.png …, root/sick/000.png …"""
    for label, name in enumerate(("normal", "sick")):
        folder = root / name
        folder.mkdir(parents=True)
        for number in range(count):
            image = draw_heart(np.random.default_rng((3, label, number)), sick=bool(label))
            Image.fromarray(image).save(folder / f"{number:03d}.png")
    return root


@pytest.fixture(scope="session")
def heart_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of images, a folder a class."""
    return draw_class_folders(tmp_path_factory.mktemp("hearts") / "images")


def small_recipe(folder: Path) -> Recipe:
    """Two chains that share their first step."""
    pruned = {"step": "magnitude_pruning", "sparsity": 0.75, "epochs": 1}
    return Recipe(
        name="small study",
        dataset=DatasetSettings(kind="image_folder", path=str(folder)),
        images=ImageSettings(size=48, color="grayscale", dwt=DwtSettings()),
        backbone=BackboneSettings(kind="resnet18", width=0.125),
        training=TrainingSettings(epochs=2, batch_size=8, augment=("hflip", "rotate")),
        chains=(
            ChainSettings(name="PRN", steps=(pruned,)),
            ChainSettings(
                name="PRQ", steps=(pruned, {"step": "post_training_quantization", "scheme": "dynamic_range"})
            ),
        ),
    )
