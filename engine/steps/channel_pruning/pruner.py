"""Takes channels out of a network once: what goes is chosen by a criterion, how much by the target."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.contract.errors import NutshellError, PromiseBroken
from engine.contract.progress import Progress
from engine.graph.keras_objects import KerasModel
from engine.steps.channel_pruning.allocation import (
    Allocation,
    ChannelTarget,
    CountRule,
    Ideal,
    OutOfReach,
    by_damage,
    by_scores,
    kept_counts,
    uniform,
)
from engine.steps.channel_pruning.channel_costs import ChannelCosts, Measure, channel_costs
from engine.steps.channel_pruning.coupled_channels import PRODUCERS, coupled_channels
from engine.steps.channel_pruning.criterion import Criterion
from engine.steps.channel_pruning.damage import damage_curves
from engine.steps.channel_pruning.observation import Observation
from engine.steps.channel_pruning.smaller_network import smaller_network
from engine.training.model_graph import graph_of_model
from engine.workbench.labelled_images import LabelledImages
from engine.workbench.timed_share import TimedShare

TIGHTENINGS = 3
"""Of a target in bytes, where the file is larger than its weights tell."""
TIMED_NETWORKS = 6
"""Of a target in latency; each is timed in turn with the whole network."""
NEAR_ENOUGH = 0.95
"""Of the latency that may remain: no larger network is sought."""


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
    allocation: Allocation
    measure: Measure
    rule: CountRule
    images: LabelledImages
    pruned_layers: Collection[str]
    """Whose kernels' zeros stay."""
    seed: int
    shipped_bytes: Callable[[KerasModel], int]
    """Of the float32 file of a network, as it ships."""
    latency_ratio: Callable[[KerasModel], TimedShare] | None
    """Of a network's file to the whole one's, where the target is the latency; `measure` is then "macs"."""
    told: Callable[[str], None]
    """Takes a sentence for the user."""
    progress: Progress

    def cost(self, model: KerasModel) -> NetworkCost:
        """Bytes are those of the file where the target is of bytes, else those of the weights.

        Raises:
            NutshellError: no channel can go.
        """
        graph = graph_of_model(model)
        coupled = coupled_channels(graph)
        if not coupled.tied:
            raise NutshellError("No channel of this network can go: all are those of its input and output.")
        file = self.shipped_bytes(model) if self.measure == "bytes" else 0
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
        between = self.progress.raise_if_cancelled
        seen = Observation(model, graph, coupled, self.criterion, self.images, generator, between)
        scores = seen.scores()
        counts = [len(one.groups) for one in coupled.tied]
        file = self.shipped_bytes(model) if self.measure == "bytes" else 0
        costs = channel_costs(graph, coupled, file)
        ideal = self._ideal(seen, scores, costs, counts)

        def made(of_whole: float) -> KerasModel:
            target = ChannelTarget(self.measure, of_whole)
            kept = kept_counts(counts, ideal, costs, whole[self.measure], target, self.rule)
            removed = np.concatenate(
                [
                    np.sort(tied.groups[np.argsort(own, kind="stable")[: len(own) - count]])
                    for tied, own, count in zip(coupled.tied, scores, kept, strict=True)
                ]
            )
            compensation = seen.compensation(removed.tolist(), self.pruned_layers)
            return smaller_network(model, graph, coupled, removed, compensation)

        if self.latency_ratio is not None:
            return self._within_latency(made, share, self.latency_ratio)
        return self._within_bytes(made, share, whole["bytes"]) if self.measure == "bytes" else made(share)

    def _ideal(
        self, seen: Observation, scores: Sequence[np.ndarray], costs: ChannelCosts, counts: Sequence[int]
    ) -> Ideal:
        if self.allocation == "uniform":
            return uniform(counts)
        if self.allocation == "global":
            return by_scores(scores)
        progress = self.progress.counted("measuring how sensitive the outputs are to each layer's channels", "layers")
        curves = damage_curves(seen, scores, self.pruned_layers, progress)
        whole = costs.of(counts)[self.measure]
        fewer = ([*counts[:place], count - 1, *counts[place + 1 :]] for place, count in enumerate(counts))
        return by_damage(curves, [float(whole - costs.of(kept)[self.measure]) for kept in fewer])

    def _within_bytes(self, made: Callable[[float], KerasModel], share: float, whole: int) -> KerasModel:
        asked = share
        for _ in range(TIGHTENINGS):
            small = made(asked)
            if (size := self.shipped_bytes(small)) <= share * whole:
                return small
            asked *= share * whole / size
        raise PromiseBroken(
            f"Channel pruning was to leave {share:.3f} of the file's bytes, and {size / whole:.3f} remain; "
            "set the target as macs or parameters."
        )

    def _within_latency(
        self, made: Callable[[float], KerasModel], share: float, latency_ratio: Callable[[KerasModel], TimedShare]
    ) -> KerasModel:
        """The slowest of the networks tried that takes at most this share of the time: a search over their MACs."""
        best: tuple[TimedShare, float, KerasModel] | None = None
        least = 1.0
        few, many, macs = 0.0, 1.0, share
        for number in range(1, TIMED_NETWORKS + 1):
            self.progress.phase(f"timing smaller networks beside the whole one: {number} of at most {TIMED_NETWORKS}")
            try:
                small = made(macs)
            except OutOfReach as error:
                if error.share >= many:
                    break
                few, macs = max(few, error.share), error.share * (1 + 1e-9)
                continue
            timed = latency_ratio(small)
            ratio = timed.most
            least = min(least, timed.median)
            if ratio > share:
                many = macs
            else:
                few = max(few, macs)
                if best is None or timed.most > best[0].most:
                    best = timed, macs, small
                if ratio >= NEAR_ENOUGH * share:
                    break
            guess = macs * share / ratio
            # Time follows the MACs less and less in small networks: there the guess would creep.
            creeps = best is None and number > 1
            macs = guess if few < guess < many and not creeps else (few + many) / 2
        if best is None:
            raise NutshellError(
                f"latency = {share:g} was not reached: the fastest of the networks tried takes {least:.2f} of the "
                "whole one's time on this machine; raise the target, or lower multiple_of or minimum_channels."
            )
        timed, macs, small = best
        self.told(
            f"{macs:.2f} of the multiply-accumulates take {timed.median:.2f} of the time on this machine "
            f"(at most {timed.most:.2f}, of the {share:.2f} asked for)."
        )
        return small
