"""Splits a network behind its frozen base: what comes before never changes, so it is a function of the image alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
import tf_keras

from engine.graph.keras_objects import KerasLayer, KerasModel, Variable

_ALWAYS_FIXED = (tf_keras.layers.InputLayer, tf_keras.layers.BatchNormalization)
"""Kinds that know whether a training computes, but compute the same in it, unless their weights change."""
_CALLED_AS_CODE = ("TFOpLambda", "SlicingOpLambda", "Functional", "Sequential")
"""Kinds of layers that need more than the outputs of the layers before them, or hold layers of their own."""


class TrainedPart:
    """The layers behind a frozen base, as a function of its features; they are the network's own, with its weights."""

    def __init__(self, features: tf.Tensor, layers: Sequence[KerasLayer]) -> None:
        """
        Args:
            features: the base's output, a tensor of the network's.
            layers: all that come after it, in order; the last gives the network's output.
        """
        self._features = features
        self._layers: list[Any] = list(layers)
        self.shape: tuple[int, ...] = tuple(features.shape[1:])
        """Of an image's features."""

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """With the batch, whose size is None."""
        return (None, *self.shape)

    @property
    def trainable_variables(self) -> Sequence[Variable]:
        return [variable for layer in self._layers for variable in layer.trainable_variables]

    @property
    def losses(self) -> Sequence[tf.Tensor]:
        """Beside the objective's, such as those of regularisers."""
        return [loss for layer in self._layers for loss in layer.losses]

    def __call__(self, features: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Probabilities, float32 (batch, classes or 1), for the features of a batch."""
        known = {id(self._features): features}
        for layer in self._layers:
            inputs = [known[id(tensor)] for tensor in tf.nest.flatten(layer.input)]
            given = inputs if isinstance(layer.input, list) else inputs[0]
            known[id(layer.output)] = layer(given, training=training) if _knows_training(layer) else layer(given)
        outputs: tf.Tensor = known[id(self._layers[-1].output)]
        return outputs


@dataclass(frozen=True)
class FrozenBase:
    """A network in two parts."""

    base: KerasModel
    """Images → features."""
    rest: TrainedPart


def split_behind_frozen_base(model: KerasModel) -> FrozenBase | None:
    """The network as a base that nothing changes and the rest; the base is as long as it can be.

    The base ends before the first layer that trains, or that draws at random while it trains, such as dropout. Batch
    normalisation that is frozen computes as in inference, so it belongs to the base.

    Returns:
        None where there is no such base, or it has no weights.
    """
    layers = list(model.layers)
    if len(model.inputs) != 1 or len(model.outputs) != 1 or not all(_is_plain(layer) for layer in layers):
        return None
    fixed = next((place for place, layer in enumerate(layers) if not _is_fixed(layer)), len(layers))
    for place in range(fixed - 1, 0, -1):
        before, after = layers[: place + 1], layers[place + 1 :]
        made = {id(layers[place].output), *(id(layer.output) for layer in after)}
        if after and all(id(tensor) in made for layer in after for tensor in tf.nest.flatten(layer.input)):
            if not any(layer.weights for layer in before) or layers[-1].output is not model.outputs[0]:
                return None
            base = tf_keras.Model(model.inputs, layers[place].output, name="frozen_base")
            return FrozenBase(base, TrainedPart(layers[place].output, after))
    return None


def _is_plain(layer: Any) -> bool:
    """Whether it is a layer by itself, and used once."""
    return type(layer).__name__ not in _CALLED_AS_CODE and len(layer.inbound_nodes) == 1


def _is_fixed(layer: KerasLayer) -> bool:
    changes = bool(layer.weights) and layer.trainable
    return not changes and (not _knows_training(layer) or isinstance(layer, _ALWAYS_FIXED))


def _knows_training(layer: Any) -> bool:
    """Whether it computes otherwise while it trains."""
    return bool(layer._expects_training_arg)
