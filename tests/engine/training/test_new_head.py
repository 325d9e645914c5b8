"""A new last layer on a network: the same each time, and in a file under the network's own name."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.export.tflite_conversion import float32_tflite
from engine.steps.sparse_transfer.new_head import last_layer, with_new_head


def network() -> Any:
    import tf_keras

    layers = tf_keras.layers
    images = tf_keras.Input((12, 12, 1))
    pooled = layers.GlobalAveragePooling2D(name="gap")(layers.Conv2D(4, 3, name="conv")(images))
    return tf_keras.Model(images, layers.Dense(1, activation="sigmoid", name="classifier")(pooled))


def test_the_same_seed_gives_the_same_file() -> None:
    model = network()
    files = [float32_tflite(with_new_head(model, 3, one_unit=False, seed=5, freeze_base=False)) for _ in range(2)]
    assert files[0] == files[1]


def test_the_base_is_kept_and_the_head_is_new() -> None:
    model = network()
    made = with_new_head(model, 3, one_unit=False, seed=5, freeze_base=True)
    assert np.array_equal(made.get_layer("conv").kernel.numpy(), model.get_layer("conv").kernel.numpy())
    assert made.output_shape == (None, 3)
    assert [variable.shape.rank for variable in made.trainable_variables] == [2, 1]
    assert last_layer(model).units == 1
