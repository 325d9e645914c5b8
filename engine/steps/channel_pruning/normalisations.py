"""The batch normalisations that scale the channels of a layer. No TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence

from engine.graph.layer_graph import Layer, LayerGraph
from engine.steps.channel_pruning.coupled_channels import CoupledChannels, TiedLayers

NAMED_LAYERS = 4


def normalisations_of(graph: LayerGraph, coupled: CoupledChannels, tied: TiedLayers) -> list[Layer]:
    """Those that the channels of tied layers go through."""
    return [
        layer
        for layer in graph.layers
        if layer.kind == "BatchNormalization" and tied.groups[0] in coupled.outputs[layer.name].groups
    ]


def scaling(normalisations: list[Layer]) -> list[str]:
    """The names of those that have scales of their own."""
    return [one.name for one in normalisations if one.settings.get("scale", True)]


def layers_without_scales(graph: LayerGraph, coupled: CoupledChannels) -> list[str]:
    """Whose channels could go, and which no batch normalisation scales; the first of each tied layers."""
    return [tied.name for tied in coupled.tied if not scaling(normalisations_of(graph, coupled, tied))]


def without_scales(layers: Sequence[str]) -> str:
    """Why the criterion bn_scale cannot be used, as a sentence."""
    more = f" and {len(layers) - NAMED_LAYERS} more layers" if len(layers) > NAMED_LAYERS else ""
    named = ", ".join(layers[:NAMED_LAYERS]) + more
    has_none = f"{named} has none behind" if len(layers) == 1 else f"{named} have none behind"
    return (
        f"bn_scale reads the scales of batch normalisation, and {has_none}, or one without scales; "
        "choose another criterion."
    )
