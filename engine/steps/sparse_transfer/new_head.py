"""Gives a trained classifier a new last layer for other classes."""

from __future__ import annotations

import tf_keras

from engine.graph.keras_objects import KerasLayer, KerasModel
from engine.training.kernels import clone


def last_layer(model: KerasModel) -> KerasLayer:
    """The layer that classifies: the last one with weights."""
    return next(layer for layer in reversed(model.layers) if layer.weights)


def with_new_head(model: KerasModel, class_count: int, one_unit: bool, seed: int, freeze_base: bool) -> KerasModel:
    """The layers and weights of `model`, which stays as it is, below a dense layer with Xavier's uniform weights.

    Args:
        one_unit: one sigmoid unit, the probability of the second of two classes, instead of a softmax.
        freeze_base: only the new layer can be trained.

    Returns:
        A `tf_keras.Model` with the same input, output float32 (batch, class_count or 1).
    """
    base = clone(model)
    head = last_layer(base)
    for layer in base.layers:
        layer.trainable = not freeze_base
    new = tf_keras.layers.Dense(
        1 if one_unit else class_count,
        activation="sigmoid" if one_unit else "softmax",
        kernel_initializer=tf_keras.initializers.GlorotUniform(seed),
        name=head.name,
    )
    return tf_keras.Model(base.input, new(head.input), name=model.name)
