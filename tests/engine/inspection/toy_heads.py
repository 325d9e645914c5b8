"""Small Keras networks with heads of all kinds, and their files under observation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from engine.contract.image_settings import ImageSettings
from engine.export.feeding_description import Feeding
from engine.inspection.observed_file import ObservedFile
from engine.inspection.shipped_model import ShippedModel
from engine.measurement.tflite_file import TfliteFile
from tests.tflite_toys import converted

SHAPE = (12, 12, 3)


def observed(content: bytes, folder: Path, name: str = "toy") -> ObservedFile:
    """A file without metadata, opened."""
    path = folder / f"{name}.tflite"
    path.write_bytes(content)
    file = TfliteFile.parse(content)
    single = file.output.shape[-1] == 1
    feeding = Feeding(
        how=(),
        input=file.input,
        images=ImageSettings(size=SHAPE[0]),
        largest_value=255,
        output=file.output,
        output_kind="sigmoid" if single else "softmax",
        classes=tuple("abcdefgh"[: 2 if single else file.output.shape[-1]]),
    )
    return ObservedFile(ShippedModel.open(path, feeding))


def with_head(head: list[Any], seed: int = 3) -> Any:
    """Two convolutions, the second called "last", then `head` (Keras layers)."""
    import tf_keras as keras

    keras.utils.set_random_seed(seed)
    base = [
        keras.layers.Input(SHAPE),
        keras.layers.Conv2D(6, 3, padding="same", activation="relu", name="first", bias_initializer="uniform"),
        keras.layers.Conv2D(8, 3, strides=2, padding="same", activation="relu", name="last"),
    ]
    return keras.Sequential([*base, *head])


def file_of(model: Any, folder: Path, scheme: str = "", name: str = "toy") -> ObservedFile:
    return observed(converted(model, scheme), folder, name)


def image(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(SHAPE, dtype=np.float32)


def keras_output(model: Any, layer: str, fed: np.ndarray) -> np.ndarray:
    """The output of one layer for one image, without the axis of images."""
    import tf_keras as keras

    return np.asarray(keras.Model(model.input, model.get_layer(layer).output)(fed[None], training=False))[0]
