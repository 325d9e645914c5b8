"""Takes channels out of a network once: what goes is chosen by a criterion, how much by the target."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from engine.contract.errors import NutshellError, PromiseBroken
from engine.graph.keras_objects import KerasModel
from engine.steps.channel_pruning.allocation import ChannelTarget, CountRule, by_scores, kept_counts, uniform
from engine.steps.channel_pruning.channel_costs import Measure, channel_costs
from engine.steps.channel_pruning.coupled_channels import PRODUCERS, coupled_channels
from engine.steps.channel_pruning.criterion import Criterion
from engine.steps.channel_pruning.observation import CriterionImages, Observation
from engine.steps.channel_pruning.smaller_network import smaller_network
from engine.training.model_graph import graph_of_model

TIGHTENINGS = 3
"""Of a target in bytes, where the file is larger than its weights tell."""


@dataclass(frozen=True)
class NetworkCost:
    """What a network costs, and how its channels are coupled."""

    costs: Mapping[Measure, int]
    groups: int
    channels: Mapping[str, int]
    """Convolution or dense layer → output channels."""
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class Pruner:
    """Prunes networks of one stage."""

    criterion: Criterion
    by_scores: bool
    """Whether the scores of all layers compete; else every layer loses the same share."""
    measure: Measure
    rule: CountRule
    images: CriterionImages
    pruned_layers: Collection[str]
    """Whose kernels' zeros stay."""
    seed: int
    tflite_bytes: Callable[[KerasModel], int]
    """Of the float32 file of a network."""
    between_batches: Callable[[], None]

    def cost(self, model: KerasModel) -> NetworkCost:
        """Bytes are those of the file where the target is of bytes, else those of the weights.

        Raises:
            NutshellError: no channel can go.
        """
        graph = graph_of_model(model)
        coupled = coupled_channels(graph)
        if not coupled.tied:
            raise NutshellError("No channel of this network can go: all are those of its input and output.")
        file = self.tflite_bytes(model) if self.measure == "bytes" else 0
        costs = channel_costs(graph, coupled, file).of([len(one.groups) for one in coupled.tied])
        costs["parameters"] = model.count_params()
        made = {layer.name: layer.shape[-1] for layer in graph.layers if layer.kind in PRODUCERS}
        return NetworkCost(costs, coupled.group_count, made, coupled.unknown)

    def prune(self, model: KerasModel, share: float, whole: Mapping[Measure, int], round_number: int) -> KerasModel:
        """A smaller network of which at most `share` of the whole cost is left.

        Args:
            whole: the cost before any round.

        Raises:
            NutshellError: the target is out of reach, or the network has not what the criterion reads.
        """
        graph = graph_of_model(model)
        coupled = coupled_channels(graph)
        generator = np.random.default_rng((self.seed, round_number))
        seen = Observation(model, graph, coupled, self.criterion, self.images, generator, self.between_batches)
        scores = seen.scores()
        counts = [len(one.groups) for one in coupled.tied]
        file = self.tflite_bytes(model) if self.measure == "bytes" else 0
        costs = channel_costs(graph, coupled, file)
        ideal = by_scores(scores) if self.by_scores else uniform(counts)
        target = ChannelTarget(self.measure, share)
        for _ in range(TIGHTENINGS):
            kept = kept_counts(counts, ideal, costs, whole[self.measure], target, self.rule)
            removed = np.concatenate(
                [
                    np.sort(tied.groups[np.argsort(own, kind="stable")[: len(own) - count]])
                    for tied, own, count in zip(coupled.tied, scores, kept, strict=True)
                ]
            )
            compensation = seen.compensation(removed.tolist(), self.pruned_layers)
            small = smaller_network(model, graph, coupled, removed, compensation)
            if self.measure != "bytes" or (size := self.tflite_bytes(small)) <= share * whole["bytes"]:
                return small
            target = replace(target, share=target.share * share * whole["bytes"] / size)
        raise PromiseBroken(
            f"Channel pruning was to leave {share:.3f} of the file's bytes, and {size / whole['bytes']:.3f} remain; "
            "set the target as macs or parameters."
        )
