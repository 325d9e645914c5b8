"""What channel pruning will leave of an architecture, before anything is trained. No TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from engine.graph.layer_graph import LayerGraph
from engine.steps.channel_pruning.allocation import OutOfReach, kept_counts, uniform
from engine.steps.channel_pruning.channel_costs import channel_costs
from engine.steps.channel_pruning.coupled_channels import coupled_channels
from engine.steps.channel_pruning.narrowed_layers import narrowed_graph
from engine.steps.channel_pruning.parameters import ChannelPruningParameters

MAX_PLANNED = 64
"""A pre-flight asks for the same architecture for each stage behind it."""


@dataclass(frozen=True)
class PlannedPruning:
    """With the same share of every layer."""

    graph: LayerGraph
    """Where the target is out of reach, the smallest that there is."""
    groups: int
    """That could go."""
    unknown: tuple[str, ...]
    """Layers that channels cannot be followed through, as "kind name"."""
    out_of_reach: str = ""
    """Why the target is, as a sentence; empty where it is reached."""
    least: float = 0.0
    """The share that is reached, where the target is out of reach."""


@dataclass(frozen=True)
class _Described:
    """A graph that is told from others by its text."""

    text: str
    graph: LayerGraph = field(compare=False)


def planned_pruning(parameters: ChannelPruningParameters, before: LayerGraph) -> PlannedPruning:
    """Exact for allocation "uniform" in one round, else an estimate."""
    return _planned(parameters, _Described(before.text, before))


@lru_cache(maxsize=MAX_PLANNED)
def _planned(parameters: ChannelPruningParameters, described: _Described) -> PlannedPruning:
    before = described.graph
    coupled = coupled_channels(before)
    counts = [len(one.groups) for one in coupled.tied]
    costs = channel_costs(before, coupled)
    target, out_of_reach, least = parameters.target.target, "", 0.0
    try:
        whole = costs.of(counts)[target.measure]
        kept = kept_counts(counts, uniform(counts), costs, whole, target, parameters.rule)
    except OutOfReach as error:
        least = error.share
        kept, out_of_reach = [int(parameters.rule.allowed(count)[0]) for count in counts], str(error)
    removed = [tied.groups[count:] for tied, count in zip(coupled.tied, kept, strict=True)]
    graph = narrowed_graph(before, coupled, np.concatenate([np.arange(0), *removed]))
    return PlannedPruning(graph, coupled.group_count, coupled.unknown, out_of_reach, least)
