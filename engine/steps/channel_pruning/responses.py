"""What layers are given over some images: means, variances and covariances of each channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import tf_keras

from engine.graph.keras_objects import KerasModel
from engine.graph.layer_graph import Layer, LayerGraph
from engine.steps.channel_pruning.coupled_channels import CARRIERS, CoupledChannels
from engine.workbench.labelled_images import image_batches

RESHAPING = frozenset({"Flatten", "Reshape"})


@dataclass(frozen=True)
class Responses:
    """What one layer takes, over images and places."""

    means: np.ndarray = field(repr=False)
    """float64 (inputs,); behind a flattening one per place and channel."""
    variances: np.ndarray = field(repr=False)
    """float64 (channels,)."""
    covariances: np.ndarray | None = field(repr=False)
    """float64 (channels, channels), where they were asked for."""


def responses(
    model: KerasModel,
    graph: LayerGraph,
    coupled: CoupledChannels,
    layers: Sequence[str],
    images: Sequence[np.ndarray],
    with_covariances: bool,
    between_batches: Callable[[], None],
) -> dict[str, Responses]:
    """What each of the `layers` takes of its one input, over the images and all their places.

    Args:
        images: float32 (height, width, channels) each, as the network is fed.
        between_batches: called before each batch; may raise `Cancelled`.
    """
    by_name = {layer.name: layer for layer in graph.layers}
    inputs = [model.get_layer(name).input for name in layers]
    observed = tf_keras.Model(model.input, inputs)
    sums = [_Sums(channels_of(by_name[name], by_name, coupled), with_covariances) for name in layers]
    for batch in image_batches(images, graph):
        between_batches()
        given = observed(batch, training=False)
        # Keras gives a single output without its list.
        for own, values in zip(sums, given if len(layers) > 1 else [given], strict=True):
            own.add(values.numpy())
    return {name: own.responses() for name, own in zip(layers, sums, strict=True)}


def channels_of(layer: Layer, by_name: dict[str, Layer], coupled: CoupledChannels) -> int:
    """How many channels a layer's input has, where a flattening may have made places and channels one axis."""
    whole = coupled.inputs(layer).size
    before = by_name[layer.inputs[0]]
    while before.kind in CARRIERS | RESHAPING:
        source = before.inputs[0]
        size = coupled.outputs[source].groups.size
        if size != whole:
            return size if whole % size == 0 else whole
        before = by_name[source]
    return whole


class _Sums:
    """Adds up in float64."""

    def __init__(self, channels: int, with_covariances: bool) -> None:
        self._channels = channels
        self._images = 0
        self._places = 0
        self._inputs: np.ndarray | float = 0.0
        self._squares: np.ndarray | float = 0.0
        self._products: np.ndarray | float | None = 0.0 if with_covariances else None

    def add(self, values: np.ndarray) -> None:
        inputs = values.reshape(-1, values.shape[-1]).astype(np.float64)
        self._images += len(inputs)
        self._inputs = self._inputs + inputs.sum(axis=0)
        channels = inputs.reshape(-1, self._channels)
        self._places += len(channels)
        if self._products is None:
            self._squares = self._squares + np.square(channels).sum(axis=0)
        else:
            self._products = self._products + channels.T @ channels

    def responses(self) -> Responses:
        means = np.asarray(self._inputs) / self._images
        of_channels = means.reshape(-1, self._channels).mean(axis=0)
        if self._products is None:
            variances = np.asarray(self._squares) / self._places - np.square(of_channels)
            return Responses(means, np.maximum(variances, 0), None)
        covariances = np.asarray(self._products) / self._places - np.outer(of_channels, of_channels)
        return Responses(means, np.maximum(np.diagonal(covariances), 0).copy(), covariances)
