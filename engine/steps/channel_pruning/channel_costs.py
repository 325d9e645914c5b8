"""What a network costs with some of its channels left: multiply-accumulates, parameters, bytes. No TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from engine.graph.layer_graph import Layer, LayerGraph
from engine.steps.channel_pruning.coupled_channels import FIXED, PRODUCERS, CoupledChannels

Measure = Literal["macs", "parameters", "bytes"]
MEASURES: tuple[Measure, ...] = ("macs", "parameters", "bytes")
FLOAT_BYTES = 4


@dataclass(frozen=True)
class ChannelCosts:
    """Products of two channel counts with a price: every layer costs inputs × outputs, or outputs alone."""

    inputs: np.ndarray = field(repr=False)
    """float64 (terms, 1 + tied layers): the fixed channels, and how many each group of the tied layers is."""
    outputs: np.ndarray = field(repr=False)
    prices: np.ndarray = field(repr=False)
    """float64 (terms, 3), in the order of `MEASURES`."""
    layers: np.ndarray = field(repr=False)
    """int64 (terms,): the place in the graph of the layer that costs it."""
    overhead_bytes: int = 0
    """Of a file beside its weights."""

    def of(self, kept: Sequence[int]) -> dict[Measure, int]:
        """The cost of the whole network.

        Args:
            kept: how many groups of each tied layers are left.
        """
        macs, parameters, weights = (round(total) for total in self._products(kept) @ self.prices)
        return {"macs": macs, "parameters": parameters, "bytes": weights + self.overhead_bytes}

    def of_layers(self, kept: Sequence[int], layers: int) -> np.ndarray:
        """The same of each of a graph's layers: int64 (layers, 3), in the order of `MEASURES`."""
        found = np.zeros((layers, len(MEASURES)))
        np.add.at(found, self.layers, self._products(kept)[:, None] * self.prices)
        return np.rint(found).astype(np.int64)

    def _products(self, kept: Sequence[int]) -> np.ndarray:
        counts = np.array([1.0, *kept])
        return (self.inputs @ counts) * (self.outputs @ counts)


def channel_costs(graph: LayerGraph, coupled: CoupledChannels, file_bytes: int = 0) -> ChannelCosts:
    """The costs of a network as functions of its channels.

    Args:
        file_bytes: of its float32 `.tflite`; 0: not known, then the weights alone are counted.
    """
    count = _Counting(coupled)
    has_macs = {layer.name: bool(layer.macs) for layer in graph.layers}
    terms = [
        (*term, place) for place, layer in enumerate(graph.layers) for term in _terms(layer, has_macs, coupled, count)
    ]
    inputs, outputs, prices, layers = (np.array(side) for side in zip(*terms, strict=True))
    costs = ChannelCosts(inputs, outputs, prices, layers)
    weights = costs.of([len(one.groups) for one in coupled.tied])["bytes"]
    return replace(costs, overhead_bytes=max(file_bytes - weights, 0))


class _Counting:
    def __init__(self, coupled: CoupledChannels) -> None:
        self._tied_of = np.full(coupled.group_count + 1, 0)
        for place, one in enumerate(coupled.tied, start=1):
            self._tied_of[one.groups] = place
        self._sizes = np.array([1, *(len(one.groups) for one in coupled.tied)])
        self.one = np.eye(1, len(self._sizes))[0]
        """A count that no channel changes."""

    def of(self, groups: np.ndarray) -> np.ndarray:
        """Fixed channels, and channels of each group of the tied layers."""
        tied = np.where(groups == FIXED, 0, self._tied_of[groups])
        return np.bincount(tied, minlength=len(self._sizes)) / self._sizes


Term = tuple[np.ndarray, np.ndarray, tuple[float, float, float]]


def _terms(layer: Layer, has_macs: Mapping[str, bool], coupled: CoupledChannels, count: _Counting) -> Iterator[Term]:
    if not layer.parameters:
        return
    axis = coupled.outputs[layer.name]
    channels = axis.groups.size
    outputs = count.of(axis.groups)
    if layer.kind in PRODUCERS:
        # Where the settings say nothing of a bias, Keras' layers have one.
        bias = 1 if layer.settings.get("use_bias", True) else 0
        given = coupled.inputs(layer)
        pairs = given.size * channels
        kernel = (layer.parameters - bias * channels) / pairs
        yield count.of(given), outputs, (layer.macs / pairs, kernel, FLOAT_BYTES * kernel)
        yield count.one, outputs, (0, bias, FLOAT_BYTES)
    elif layer.kind == "DepthwiseConv2D":
        each = layer.parameters / channels
        bias = 1 if layer.settings.get("use_bias", True) else 0
        yield count.one, outputs, (layer.macs / channels, each, FLOAT_BYTES * (each - bias + 1))
    elif layer.kind == "BatchNormalization":
        # After a convolution it becomes a part of that; elsewhere it is a factor and an offset.
        left = 0 if has_macs[layer.inputs[0]] else 2 * FLOAT_BYTES
        yield count.one, outputs, (0, layer.parameters / channels, left)
    elif _has_one_per_channel(layer):
        each = layer.parameters / channels
        yield count.one, outputs, (0, each, FLOAT_BYTES * each)
    else:
        yield count.one, count.one, (layer.macs, layer.parameters, FLOAT_BYTES * layer.parameters)


def _has_one_per_channel(layer: Layer) -> bool:
    """A learnt slope, unless all channels share it."""
    return layer.kind == "PReLU" and len(layer.shape) not in (layer.settings.get("shared_axes") or ())
