"""Builds the network without some of its channels: the layers' own configurations, and slices of their weights."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras

from engine.graph.keras_objects import KerasLayer, KerasModel
from engine.graph.layer_graph import Layer, LayerGraph
from engine.steps.channel_pruning.compensation import Compensation
from engine.steps.channel_pruning.coupled_channels import CoupledChannels
from engine.steps.channel_pruning.narrowed_layers import KeptChannels

BIAS = {"use_bias": True}
NOTHING = Compensation({}, {})


def smaller_network(
    model: KerasModel,
    graph: LayerGraph,
    coupled: CoupledChannels,
    removed: Collection[int] | np.ndarray,
    compensation: Compensation = NOTHING,
) -> KerasModel:
    """A plain network of the same layers with fewer channels, which computes what `model` does with these set to zero.

    Args:
        graph, coupled: of `model`, which stays as it is.
        removed: the groups that go.
        compensation: what the layers after them do in their place.

    Returns:
        An uncompiled `tf_keras.Model` with the same input and output.
    """
    kept = KeptChannels(coupled, removed)
    layers = {layer.name: layer for layer in graph.layers}
    tensors: dict[str, tf.Tensor] = {}
    weights: dict[str, list[np.ndarray]] = {}
    # In Keras' order, so that the weights of both models stand in the same order.
    for old in model.layers:
        layer = layers[old.name]
        if layer.kind == "InputLayer":
            tensors[layer.name] = tf_keras.Input(shape=layer.shape, name=layer.name)
            continue
        offset = compensation.biases.get(layer.name)
        takes_over = offset is not None and not _has_bias(old) and normalisation_after(layer, graph) is None
        changed = kept.settings(layer) | (BIAS if takes_over else {})
        kind: Any = type(old)
        new = kind.from_config({**old.get_config(), **changed})
        inputs = [tensors[name] for name in layer.inputs]
        tensors[layer.name] = new(inputs if len(inputs) > 1 else inputs[0])
        weights[layer.name] = _weights(old, layer, kept, graph, compensation, takes_over)
    outputs = tensors[graph.layers[-1].name]
    small = tf_keras.Model(tensors[graph.layers[0].name], outputs, name=model.name)
    for made in small.layers:
        if made.weights:
            made.set_weights(weights[made.name])
    return small


def _weights(
    old: KerasLayer,
    layer: Layer,
    kept: KeptChannels,
    graph: LayerGraph,
    compensation: Compensation,
    takes_over: bool,
) -> list[np.ndarray]:
    """The layer's arrays with what is compensated, then without the channels that go."""
    arrays = old.get_weights()
    if not arrays:
        return []
    outputs = kept.outputs(layer)
    offset = compensation.biases.get(layer.name)
    if layer.kind in ("Conv2D", "Dense"):
        kernel = compensation.kernels.get(layer.name, arrays[0])
        biases = [one + offset if offset is not None and _has_bias(old) else one for one in arrays[1:]]
        biases += [offset] if takes_over and offset is not None else []
        narrow = kernel[..., kept.inputs(layer), :][..., outputs]
        return [narrow, *(one[outputs].astype(np.float32) for one in biases)]
    if layer.kind == "DepthwiseConv2D":
        return [arrays[0][:, :, outputs], *(one[outputs] for one in arrays[1:])]
    if layer.kind == "BatchNormalization":
        before = compensation.biases.get(layer.inputs[0])
        maker = next(one for one in graph.layers if one.name == layer.inputs[0])
        if before is not None and not maker.settings["use_bias"] and normalisation_after(maker, graph) == layer.name:
            # What the layer before would add to every value is taken from their mean.
            arrays = [*arrays[:-2], arrays[-2] - before, arrays[-1]]
        return [one[outputs].astype(np.float32) for one in arrays]
    # Such as a learnt slope; one that all channels share has a last axis of 1.
    return [one[..., outputs] if one.shape[-1] == layer.shape[-1] else one for one in arrays]


def _has_bias(layer: KerasLayer) -> bool:
    return bool(layer.get_config().get("use_bias", False))


def normalisation_after(layer: Layer, graph: LayerGraph) -> str | None:
    """The batch normalisation that alone takes what a layer gives."""
    users = [one for one in graph.layers if layer.name in one.inputs]
    return users[0].name if len(users) == 1 and users[0].kind == "BatchNormalization" else None
