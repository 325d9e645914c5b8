"""Small real `.tflite` files made by TFLiteConverter: networks whose answers a test can compute by hand."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np


@lru_cache
def gap_network(shape: tuple[int, int, int], classes: int, scheme: str = "", seed: int = 7) -> bytes:
    """Two convolutions, global average pooling, and a softmax layer.

    Args:
        scheme: "" for float32, or "float16", "int8", "int16x8" or "dynamic_range".
    """
    return converted(gap_model(shape, classes, seed), scheme)


def gap_model(shape: tuple[int, int, int], classes: int, seed: int = 7) -> Any:
    """The same as a Keras model."""
    from engine.training.tensorflow_setup import set_up_tensorflow

    set_up_tensorflow(seed=seed)
    import tf_keras as keras

    return keras.Sequential(
        [
            keras.layers.Input(shape),
            keras.layers.Conv2D(8, 3, padding="same", activation="relu", name="first"),
            keras.layers.Conv2D(12, 3, strides=2, padding="same", activation="relu", name="last"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(classes, activation="softmax", name="head"),
        ]
    )


def converted(model: Any, scheme: str = "") -> bytes:
    """A Keras model as `.tflite`; calibrated, where it has to be, with seeded noise."""
    import tensorflow as tf

    shape = tuple(model.input_shape[1:])
    signature = [tf.TensorSpec([1, *shape], tf.float32, name="image")]
    serve = tf.function(lambda image: {"output": model(image, training=False)}, input_signature=signature)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([serve.get_concrete_function()], model)
    if scheme:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if scheme == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if scheme in ("int8", "int16x8"):
        images = np.random.default_rng(5).random((32, *shape), dtype=np.float32)
        converter.representative_dataset = lambda: ([image[None]] for image in images)
        wide = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8 if scheme == "int8" else wide]
        # Ends are floats, as of the files that ship.
    return bytes(converter.convert())
