"""How the loss would change without a channel, to first order (Molchanov et al. 2019, arXiv:1906.10771)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf
import tf_keras

from engine.graph.keras_objects import KerasModel
from engine.graph.layer_graph import LayerGraph
from engine.training.loss_gradients import loss_gradients
from engine.workbench.labelled_images import image_batches


def squared_changes(
    model: KerasModel,
    graph: LayerGraph,
    gates: Sequence[str],
    images: Sequence[np.ndarray],
    labels: np.ndarray,
    between_batches: Callable[[], None],
) -> dict[str, np.ndarray]:
    """Of each gate and channel, (Σ gradient · weight)² as the mean over the batches (their equation 8).

    Args:
        gates: batch normalisations, whose γ and β are the gate of a channel, or convolutions and dense layers, whose
            filter and bias are.
        labels: int64 (n,), of the images.

    Returns:
        Gate → float64 (channels,).
    """
    layers = [model.get_layer(name) for name in gates]
    weights = [_gate_weights(layer) for layer in layers]
    variables = [one for own in weights for one in own]
    gradients_of = loss_gradients(model, variables)
    sums = {name: np.zeros(int(own[0].shape[-1])) for name, own in zip(gates, weights, strict=True)}
    first, batches = 0, 0
    for batch in image_batches(images, graph):
        between_batches()
        gradients = iter(gradients_of(tf.constant(batch), tf.constant(labels[first : first + len(batch)])))
        first, batches = first + len(batch), batches + 1
        for name, own in zip(gates, weights, strict=True):
            sums[name] += np.square(sum(_by_channel(next(gradients).numpy() * one.numpy()) for one in own))
    return {name: total / batches for name, total in sums.items()}


def _gate_weights(layer: object) -> list[tf.Variable]:
    if isinstance(layer, tf_keras.layers.BatchNormalization):
        return [one for one in (layer.gamma, layer.beta) if one is not None]
    return [layer.kernel, *([layer.bias] if layer.use_bias else [])]  # type: ignore[attr-defined]


def _by_channel(values: np.ndarray) -> np.ndarray:
    found: np.ndarray = values.astype(np.float64).reshape(-1, values.shape[-1]).sum(axis=0)
    return found
