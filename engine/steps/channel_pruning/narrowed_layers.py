"""The layers of a network with fewer channels, as plain data. No TensorFlow."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np

from engine.graph.keras_objects import LayerConfig
from engine.graph.layer_graph import Layer, LayerGraph
from engine.steps.channel_pruning.channel_costs import channel_costs
from engine.steps.channel_pruning.coupled_channels import FIXED, CoupledChannels


class KeptChannels:
    """Which channels of each layer are left when some groups have gone."""

    def __init__(self, coupled: CoupledChannels, removed: Collection[int] | np.ndarray) -> None:
        gone = np.zeros(coupled.group_count + 1, dtype=bool)
        gone[np.asarray(list(removed), dtype=np.int64)] = True
        self._gone = gone
        self._coupled = coupled

    def of(self, groups: np.ndarray) -> np.ndarray:
        """Places of those that stay, int64."""
        return np.flatnonzero((groups == FIXED) | ~self._gone[groups])

    def outputs(self, layer: Layer) -> np.ndarray:
        """Along the channels of what a layer gives, which are its last axis where it has weights; int64."""
        return self.of(self._coupled.outputs[layer.name].groups)

    def inputs(self, layer: Layer) -> np.ndarray:
        """Along the channels of what a layer of one input takes; int64."""
        return self.of(self._coupled.inputs(layer))

    def settings(self, layer: Layer) -> LayerConfig:
        """The settings of a layer that are others now."""
        axis = self._coupled.outputs[layer.name]
        kept = self.of(axis.groups)
        match layer.kind:
            case "Conv2D":
                return {"filters": len(kept)}
            case "Dense":
                return {"units": len(kept)}
            case "Reshape":
                return {"target_shape": self.shape(layer)}
            case "ChannelScaling":
                named = {name: layer.settings[name] for name in ("scale", "offset")}
                return {name: _sliced(values, kept) for name, values in named.items()}
            case "ZeroPadding2D" if axis.axis != -1:
                return {"padding": self._padding(layer, axis.axis, kept, axis.groups.size)}
        return {}

    def shape(self, layer: Layer) -> tuple[int, ...]:
        """Of what the layer gives, without the batch."""
        axis = self._coupled.outputs[layer.name]
        sides = list(layer.shape)
        sides[axis.axis] = len(self.of(axis.groups))
        return tuple(sides)

    @staticmethod
    def _padding(layer: Layer, axis: int, kept: np.ndarray, size: int) -> tuple[tuple[int, int], ...]:
        """Of the channels of zeros before and after those that come in."""
        sides = [tuple(pair) for pair in layer.settings["padding"]]
        before, after = sides[axis]
        sides[axis] = (int(np.sum(kept < before)), int(np.sum(kept >= size - after)))
        return tuple(sides)


def _sliced(values: Any, kept: np.ndarray) -> tuple[float, ...]:
    """One per channel, or one for all."""
    given = tuple(values)
    return given if len(given) == 1 else tuple(given[place] for place in kept)


def narrowed_graph(graph: LayerGraph, coupled: CoupledChannels, removed: Collection[int] | np.ndarray) -> LayerGraph:
    """The graph without some groups; all layers are there still, each with the cost that it has then."""
    kept = KeptChannels(coupled, removed)
    counts = [len(kept.of(one.groups)) for one in coupled.tied]
    costs = channel_costs(graph, coupled).of_layers(counts, len(graph.layers))
    layers = [
        replace(
            layer,
            shape=kept.shape(layer),
            settings={**layer.settings, **kept.settings(layer)},
            parameters=int(parameters),
            trainable_parameters=round(layer.trainable_parameters * int(parameters) / max(layer.parameters, 1)),
            macs=int(macs),
        )
        for layer, (macs, parameters, _) in zip(graph.layers, costs, strict=True)
    ]
    return LayerGraph(tuple(layers), graph.constants)
