"""A folder that looks like a finished run, around small real files: nothing is trained."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import recipe_text
from engine.datasets.cache.preparation import prepare, scan
from engine.datasets.cache.splits import write_split_csv
from engine.export.feeding_description import described
from engine.feeding.pipeline import fit_pipeline
from tests.tflite_toys import gap_network

SIDE = 24
RUN = "20260131-142501-toy-0000"


def write_toy_run(root: Path, images: Path, files: Mapping[str, bytes]) -> Path:
    """A run of `root`, a runs directory; returns its folder.

    Args:
        images: a folder of class folders.
        files: variant → `.tflite` for images of 24×24 in grey, without metadata; "baseline" is the float one.
    """
    settings = ImageSettings(size=SIDE, color="grayscale")
    source = DatasetSettings(kind="image_folder", path=str(images))
    dataset = prepare(scan(source, 7), source, settings, 7, root / "images")
    folder = root / "runs" / RUN
    (folder / "models").mkdir(parents=True)
    (folder / "recipe.toml").write_text(recipe_text(Recipe(name="toy", dataset=source, images=settings)))
    write_split_csv(folder / "split.csv", dataset)
    pipeline = fit_pipeline(settings, dataset)
    for name, content in files.items():
        shipped, _ = described(content, pipeline, dataset.classes)
        (folder / "models" / f"{name}.tflite").write_bytes(shipped)
    return folder


@pytest.fixture(scope="session")
def toy_run(tmp_path_factory: pytest.TempPathFactory, heart_folder: Path) -> Path:
    """Four files of one network with global average pooling; two classes."""
    schemes = {"baseline": "", "dynamic range": "dynamic_range", "float16": "float16", "int8": "int8"}
    files = {name: gap_network((SIDE, SIDE, 1), 2, scheme) for name, scheme in schemes.items()}
    return write_toy_run(tmp_path_factory.mktemp("toy"), heart_folder, files)
