"""Finds which channels of a network must go together, from its layers alone. No TensorFlow.

The dependency graph of Fang et al. 2023 (arXiv:2301.12900), for flat graphs of plain layers: each output channel of a
convolution or dense layer is followed through the layers after it, and sums tie the channels that they add.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np

from engine.graph.layer_graph import Layer, LayerGraph

FIXED = -1
"""Stands for the group of a channel that cannot go."""
MIXING = frozenset({"softmax"})
"""Activations that compute each channel from all."""
PRODUCERS = frozenset({"Conv2D", "Dense"})
CARRIERS = frozenset(
    {
        *("BatchNormalization", "ReLU", "LeakyReLU", "ELU", "PReLU", "HardSwish", "HardSigmoid", "ChannelScaling"),
        *("DepthwiseConv2D", "MaxPooling2D", "AveragePooling2D", "GlobalAveragePooling2D", "GlobalMaxPooling2D"),
        *("Dropout", "SpatialDropout2D", "Activation"),
    }
)
"""Compute each channel from the same channel of their input."""


@dataclass(frozen=True)
class ChannelAxis:
    """The channels of a layer's output."""

    groups: np.ndarray = field(repr=False)
    """int64: the group of each place along the axis, or `FIXED`."""
    axis: int = -1
    """Of the output without the batch."""


@dataclass(frozen=True)
class TiedLayers:
    """Layers that make their channels together: groups of the same cost, among which a criterion chooses."""

    layers: tuple[str, ...]
    """The convolutions and dense layers that make the channels, in the network's order."""
    groups: np.ndarray = field(repr=False)
    """int64 (n,), sorted."""

    @property
    def name(self) -> str:
        """For sentences: the first layer."""
        return self.layers[0]


@dataclass(frozen=True)
class CoupledChannels:
    """Which channels of a network must go together. A group is a set of channels of one or more layers."""

    outputs: Mapping[str, ChannelAxis]
    """Layer → the channels of its output."""
    tied: tuple[TiedLayers, ...]
    unknown: tuple[str, ...] = ()
    """Layers that it cannot be followed through, as "kind name"; the channels that they take and give are fixed."""

    def inputs(self, layer: Layer) -> np.ndarray:
        """The groups of what a layer of one input takes, along its channels; int64."""
        return self.outputs[layer.inputs[0]].groups

    @property
    def group_count(self) -> int:
        return sum(len(one.groups) for one in self.tied)


def coupled_channels(graph: LayerGraph) -> CoupledChannels:
    """The groups of a network's channels; those of its input and output are fixed.

    Sums and products tie, concatenations set side by side, flattening repeats the channels for each place. A layer of
    an unknown kind fixes the channels around it, and is named.
    """
    return _Tracing(graph).found()


class _Tracing:
    """Gives each channel that a layer makes a number, carries the numbers on, and joins those that are tied."""

    def __init__(self, graph: LayerGraph) -> None:
        self._graph = graph
        self._shapes = {layer.name: layer.shape for layer in graph.layers}
        self._outputs: dict[str, ChannelAxis] = {}
        self._count = 0
        self._made: dict[str, np.ndarray] = {}
        """Producer → the numbers of its channels."""
        self._pairs: list[tuple[np.ndarray, np.ndarray]] = []
        self._fixed: list[np.ndarray] = []
        self._unknown: list[str] = []

    def found(self) -> CoupledChannels:
        for layer in self._graph.layers:
            self._outputs[layer.name] = self._traced(layer, [self._outputs[name] for name in layer.inputs])
        self._fixed.append(self._outputs[self._graph.layers[-1].name].groups)
        joined = _joined(self._count, self._pairs)
        free = np.zeros(self._count, dtype=bool)
        for numbers in self._made.values():
            free[joined[numbers]] = True
        for numbers in self._fixed:
            free[joined[numbers]] = False
        tied, group_of = _tied_layers({name: joined[numbers] for name, numbers in self._made.items()}, free)
        outputs = {name: ChannelAxis(group_of[joined[one.groups]], one.axis) for name, one in self._outputs.items()}
        return CoupledChannels(outputs, tied, tuple(self._unknown))

    def _new(self, count: int) -> np.ndarray:
        self._count += count
        return np.arange(self._count - count, self._count)

    def _traced(self, layer: Layer, inputs: Sequence[ChannelAxis]) -> ChannelAxis:
        special = self._special.get(layer.kind)
        if special is not None:
            return special(self, layer, inputs)
        plain = all(
            one.axis in (-1, len(self._shapes[name]) - 1) for one, name in zip(inputs, layer.inputs, strict=True)
        )
        each_alone = plain and layer.settings.get("activation") not in MIXING
        if layer.kind in PRODUCERS and plain and layer.settings.get("groups", 1) == 1:
            self._made[layer.name] = numbers = self._new(layer.shape[-1])
            if not each_alone:
                self._fixed.append(numbers)
            return ChannelAxis(numbers)
        if layer.kind in CARRIERS and each_alone and inputs[0].groups.size == layer.shape[-1]:
            return inputs[0]
        return self._unknown_layer(layer, inputs)

    def _unknown_layer(self, layer: Layer, inputs: Sequence[ChannelAxis]) -> ChannelAxis:
        """Fixes what is around it, and names it; what comes last is fixed anyway."""
        if layer.name != self._graph.layers[-1].name:
            self._unknown.append(f"{layer.kind} {layer.name}")
        self._fixed += [one.groups for one in inputs]
        return self._input(layer, inputs)

    def _input(self, layer: Layer, inputs: Sequence[ChannelAxis]) -> ChannelAxis:
        numbers = self._new(layer.shape[-1])
        self._fixed.append(numbers)
        return ChannelAxis(numbers)

    def _tie(self, layer: Layer, inputs: Sequence[ChannelAxis]) -> ChannelAxis:
        """A sum or product channel by channel; one value per image or place for all channels ties nothing."""
        widest = max(inputs, key=lambda one: one.groups.size)
        for one in inputs:
            if one.groups.size == widest.groups.size and one.axis == widest.axis:
                self._pairs.append((widest.groups, one.groups))
            elif one.groups.size == 1:
                self._fixed.append(one.groups)
            else:
                return self._unknown_layer(layer, inputs)
        return widest

    def _side_by_side(self, layer: Layer, inputs: Sequence[ChannelAxis]) -> ChannelAxis:
        joined = np.concatenate([one.groups for one in inputs])
        plain = all(one.axis == -1 for one in inputs)
        return ChannelAxis(joined) if plain and len(joined) == layer.shape[-1] else self._unknown_layer(layer, inputs)

    def _reshaped(self, layer: Layer, inputs: Sequence[ChannelAxis]) -> ChannelAxis:
        """The axis of the new shape along which the channels lie, once or once for each place before them."""
        (one,), before = inputs, self._shapes[layer.inputs[0]]
        inner = prod(before[one.axis % len(before) + 1 :])
        for axis, side in enumerate(layer.shape):
            repeats, rest = divmod(side, one.groups.size)
            if inner == prod(layer.shape[axis + 1 :]) and not rest and repeats:
                last = axis == len(layer.shape) - 1
                return ChannelAxis(np.tile(one.groups, repeats), -1 if last else axis)
        return self._unknown_layer(layer, inputs)

    def _padded(self, layer: Layer, inputs: Sequence[ChannelAxis]) -> ChannelAxis:
        """Zeros around rows and columns, which may stand for channels: then they are channels of zeros."""
        (one,) = inputs
        if one.axis == -1:
            return one
        before, after = layer.settings["padding"][one.axis]
        return ChannelAxis(np.concatenate([self._new(before), one.groups, self._new(after)]), one.axis)

    _special: Mapping[str, Callable[[_Tracing, Layer, Sequence[ChannelAxis]], ChannelAxis]] = {
        "InputLayer": _input,
        "Add": _tie,
        "Multiply": _tie,
        "Concatenate": _side_by_side,
        "Flatten": _reshaped,
        "Reshape": _reshaped,
        "ZeroPadding2D": _padded,
    }


def _joined(count: int, pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """The smallest number that each is tied to."""
    lowest = np.arange(count)
    if not pairs:
        return lowest
    first, second = (np.concatenate(side) for side in zip(*pairs, strict=True))
    while True:
        before = lowest.copy()
        smaller = np.minimum(lowest[first], lowest[second])
        np.minimum.at(lowest, first, smaller)
        np.minimum.at(lowest, second, smaller)
        lowest = lowest[lowest]
        if np.array_equal(before, lowest):
            return lowest


def _tied_layers(made: Mapping[str, np.ndarray], free: np.ndarray) -> tuple[tuple[TiedLayers, ...], np.ndarray]:
    """Those groups together that the same layers make; and the group of each number."""
    kind = np.zeros(len(free), dtype=np.int64)
    kinds = 1
    for numbers in made.values():
        members = np.unique(numbers)
        _, place = np.unique(kind[members], return_inverse=True)
        kind[members] = kinds + place
        kinds = int(kind[members].max()) + 1
    group_of = np.full(len(free), FIXED)
    numbers = np.flatnonzero(free)
    group_of[numbers] = np.arange(len(numbers))
    layers_of: dict[int, list[str]] = {}
    for name, own in made.items():
        for one in set(kind[own].tolist()):
            layers_of.setdefault(one, []).append(name)
    kinds_of_numbers = kind[numbers]
    tied = [
        TiedLayers(tuple(layers_of[one]), group_of[numbers[kinds_of_numbers == one]])
        for one in dict.fromkeys(kinds_of_numbers.tolist())
    ]
    return tuple(tied), group_of
