"""The weights that compression works on: kernels of convolutions and dense layers, found in a Keras model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

import numpy as np
import tf_keras

from engine.graph.keras_objects import KerasLayer, KerasModel, Variable

LayerChoice = Literal["conv", "all"]


def kernel_of(layer: KerasLayer) -> Variable | None:
    """The layer's kernel variable (height, width, in, out), (height, width, in, multiplier) or (in, out); else None."""
    if isinstance(layer, tf_keras.layers.DepthwiseConv2D):
        return layer.depthwise_kernel
    if isinstance(layer, tf_keras.layers.Conv2D | tf_keras.layers.Dense):
        return layer.kernel
    return None


def kernels(model: KerasModel, choice: LayerChoice = "all") -> dict[str, Variable]:
    """Layer name → kernel variable, in the model's order; "conv" leaves dense layers out."""
    found = {}
    for layer in model.layers:
        if choice == "conv" and isinstance(layer, tf_keras.layers.Dense):
            continue
        kernel = kernel_of(layer)
        if kernel is not None:
            found[layer.name] = kernel
    return found


def zero_count(variables: Iterable[Variable]) -> int:
    """How many values of the variables are exactly zero."""
    return sum(int(np.count_nonzero(variable.numpy() == 0)) for variable in variables)


def zero_fraction(variables: Iterable[Variable]) -> float:
    """The share of the variables' values that are exactly zero."""
    found = list(variables)
    return zero_count(found) / sum(int(variable.shape.num_elements()) for variable in found)


def clone(model: KerasModel, new_layer: Callable[[KerasLayer], KerasLayer] | None = None) -> KerasModel:
    """A model of the same layers and weights that shares nothing with `model`.

    Args:
        new_layer: makes each layer's new one, with the same weights; None: one of the same kind.
    """
    copy = tf_keras.models.clone_model(model, clone_function=new_layer)
    copy.set_weights(model.get_weights())
    return copy
