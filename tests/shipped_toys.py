"""Small files as they ship, of a network that really tells drawn hearts apart: in four number types, on one feeding."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import ImageSettings
from engine.datasets.cache.preparation import prepare, scan
from engine.export.feeding_description import described
from engine.feeding.pipeline import fit_pipeline, network_input_shape
from tests.tflite_toys import converted, gap_model

SCHEMES = ("float32", "dynamic_range", "float16", "int8")
IMAGES = ImageSettings(size=24, color="grayscale")
SHARPNESS = 4.0


def write_shipped(
    target: Path, folder: Path, cache: Path, images: ImageSettings = IMAGES, schemes: tuple[str, ...] = SCHEMES
) -> dict[str, Path]:
    """Scheme → its `.tflite` in `target`, with the JSON that came with it beside it.

    The head is set so that the two classes of the images are told apart, most of them rightly.
    """
    settings = DatasetSettings(kind="image_folder", path=str(folder))
    dataset = prepare(scan(settings, 7), settings, images, 7, cache)
    pipeline = fit_pipeline(images, dataset)
    model = gap_model(network_input_shape(images), len(dataset.classes))
    fed = pipeline.feed(dataset.images[:])
    features = fed
    for layer in model.layers[:-1]:
        features = layer(features)
    features, labels = np.asarray(features, dtype=np.float64), np.asarray(dataset.labels)
    centre, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
    direction = np.linalg.lstsq((features - centre) / spread, 2.0 * labels - 1, rcond=1e-3)[0] / spread
    kernel = SHARPNESS * np.stack([-direction, direction], axis=1) / 2
    model.layers[-1].set_weights([kernel, -centre @ kernel])
    target.mkdir(parents=True, exist_ok=True)
    files = {}
    for scheme in schemes:
        content, beside = described(converted(model, "" if scheme == "float32" else scheme), pipeline, dataset.classes)
        files[scheme] = target / f"{scheme}.tflite"
        files[scheme].write_bytes(content)
        files[scheme].with_suffix(".json").write_text(beside, encoding="utf-8")
    return files


@pytest.fixture(scope="session")
def shipped_toys(tmp_path_factory: pytest.TempPathFactory, heart_folder: Path) -> dict[str, Path]:
    """Four files that ship of one network on `heart_folder`."""
    root = tmp_path_factory.mktemp("shipped")
    return write_shipped(root / "models", heart_folder, root / "cache")
