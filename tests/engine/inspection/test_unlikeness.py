"""An image of another kind is called unlike the training images; those of the training are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.contract.errors import Cancelled
from engine.contract.image_settings import ImageSettings
from engine.contract.pixel_reading import AS_STORED
from engine.contract.progress import Progress
from engine.export.feeding_description import described
from engine.feeding.pipeline import ImagePipeline
from engine.inspection.observed_file import ObservedFile
from engine.inspection.shipped_model import ShippedModel
from engine.inspection.unlikeness import TrainingFeatures
from tests.tflite_toys import gap_model, gap_network

SHAPE = (16, 16, 3)


def opened(scheme: str, folder: Path) -> ObservedFile:
    pipeline = ImagePipeline(ImageSettings(size=16, color="rgb"), reading=AS_STORED)
    content, _ = described(gap_network(SHAPE, 2, scheme), pipeline, ("a", "b"))
    path = folder / f"model{scheme}.tflite"
    path.write_bytes(content)
    return ObservedFile(ShippedModel.open(path))


@pytest.mark.parametrize("scheme", ["", "int8"])
def test_another_kind_of_image_is_unlike(scheme: str, tmp_path: Path) -> None:
    file = opened(scheme, tmp_path)
    generator = np.random.default_rng(3)
    training = [generator.random(SHAPE, dtype=np.float32) * 0.3 for _ in range(60)]
    known = TrainingFeatures.of(file, training, len(training))
    assert known is not None
    distances = [known.distance(file, image) for image in training]
    assert np.mean(np.asarray(distances) <= known.limit) >= 0.98
    assert np.sqrt(np.mean(np.square(distances))) == pytest.approx(1.0, abs=0.02)
    assert known.distance(file, np.ones(SHAPE, np.float32)) > 3 * known.limit


def test_the_features_are_those_of_the_layer_before_the_head(tmp_path: Path) -> None:
    file = opened("", tmp_path)
    images = np.random.default_rng(4).random((8, *SHAPE), dtype=np.float32)
    known = TrainingFeatures.of(file, images, len(images))
    assert known is not None
    import tf_keras as keras

    model = gap_model(SHAPE, 2)
    pooled = keras.Model(model.inputs, model.layers[2].output)(images, training=False).numpy()
    np.testing.assert_allclose(known.mean, pooled.mean(axis=0), atol=1e-5)
    assert TrainingFeatures.of(file, images[:2], 2) is None, "two images tell no spread"


def test_it_can_be_called_off(tmp_path: Path) -> None:
    def called_off() -> None:
        raise Cancelled("no longer wanted")

    with pytest.raises(Cancelled):
        TrainingFeatures.of(opened("", tmp_path), [np.zeros(SHAPE, np.float32)], 1, Progress(called_off))
