"""Reads of a network what a criterion asks for, and what stands for the channels that go."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from engine.contract.errors import NutshellError
from engine.graph.keras_objects import KerasModel
from engine.graph.layer_graph import Layer, LayerGraph
from engine.steps.channel_pruning.compensation import Compensation, Replacement, compensated
from engine.steps.channel_pruning.coupled_channels import PRODUCERS, CoupledChannels, TiedLayers
from engine.steps.channel_pruning.criterion import Criterion, Reading, SeenChannels, Substitute
from engine.steps.channel_pruning.first_order import squared_changes
from engine.steps.channel_pruning.normalisations import normalisations_of, scaling, without_scales
from engine.steps.channel_pruning.responses import Responses, responses
from engine.training.kernels import kernel_of
from engine.workbench.labelled_images import LabelledImages

OVER_IMAGES = frozenset({Reading.VARIANCES, Reading.CORRELATIONS})


@dataclass
class Observation:
    """One network, as a criterion sees it."""

    model: KerasModel
    graph: LayerGraph
    coupled: CoupledChannels
    criterion: Criterion
    sample: LabelledImages
    generator: np.random.Generator
    between_batches: Callable[[], None] = lambda: None
    _responses: dict[str, Responses] = field(default_factory=dict)

    def scores(self) -> list[np.ndarray]:
        """Of each of the tied layers, float64 (groups,).

        Raises:
            NutshellError: the network has not what the criterion reads.
        """
        reads = self.criterion.reads
        if reads in OVER_IMAGES:
            self._responses = responses(
                self.model,
                self.graph,
                self.coupled,
                [layer.name for layer in self.takers()],
                self.sample.images,
                reads is Reading.CORRELATIONS,
                self.between_batches,
            )
        changes: Mapping[str, np.ndarray] = {}
        if reads is Reading.GRADIENTS:
            gates = dict.fromkeys(gate for tied in self.coupled.tied for gate in self._gates(tied))
            changes = squared_changes(
                self.model, self.graph, tuple(gates), self.sample.images, self.sample.labels, self.between_batches
            )
        return [self.criterion.scores(self._seen(tied, changes)) for tied in self.coupled.tied]

    def compensation(self, removed: Collection[int], pruned_layers: Collection[str]) -> Compensation:
        """What the layers that take removed groups do in their place; call `scores` first.

        Args:
            pruned_layers: whose kernels' zeros stay.
        """
        if self.criterion.substitute is Substitute.NOTHING:
            return Compensation({}, {})
        gone = np.zeros(self.coupled.group_count, dtype=bool)
        gone[np.asarray(list(removed), dtype=np.int64)] = True
        partners = self._partners(gone) if self.criterion.substitute is Substitute.PARTNER else {}
        kernels, biases = {}, {}
        for layer in self.takers():
            replacement = self._replacement(layer, gone, partners)
            if len(replacement.removed):
                kernel = kernel_of(self.model.get_layer(layer.name))
                assert kernel is not None
                kernels[layer.name], biases[layer.name] = compensated(
                    kernel.numpy(), replacement, layer.name in pruned_layers
                )
        return Compensation(kernels, biases)

    def takers(self) -> list[Layer]:
        """The layers that compute with all channels that they take, some of which may go."""
        return [
            layer for layer in self.graph.layers if layer.kind in PRODUCERS and (self.coupled.inputs(layer) >= 0).any()
        ]

    def _seen(self, tied: TiedLayers, changes: Mapping[str, np.ndarray]) -> SeenChannels:
        reads = self.criterion.reads
        takers = [layer for layer in self.takers() if tied.groups[0] in self.coupled.inputs(layer)]
        own = [(self._responses[one.name], self._channels(one, tied)) for one in takers] if self._responses else []
        return SeenChannels(
            filters=[self._filters(name, tied) for name in tied.layers],
            scales=self._scales(tied) if reads is Reading.SCALES else (),
            variances=[one.variances[places] for one, places in own],
            determinations=[_determination(one, places) for one, places in own if one.covariances is not None],
            changes=[changes[gate][self._outputs(gate, tied)] for gate in self._gates(tied)] if changes else (),
            generator=self.generator,
        )

    def _filters(self, name: str, tied: TiedLayers) -> np.ndarray:
        kernel = kernel_of(self.model.get_layer(name))
        assert kernel is not None
        values = kernel.numpy()
        found: np.ndarray = np.moveaxis(values, -1, 0).reshape(values.shape[-1], -1)[self._outputs(name, tied)]
        return found

    def _normalisations(self, tied: TiedLayers) -> list[Layer]:
        return normalisations_of(self.graph, self.coupled, tied)

    def _scales(self, tied: TiedLayers) -> list[np.ndarray]:
        names = scaling(self._normalisations(tied))
        if not names:
            raise NutshellError(without_scales([tied.name]))
        gammas = [np.abs(self.model.get_layer(name).gamma.numpy()) for name in names]  # type: ignore[attr-defined]
        return [gamma[self._outputs(name, tied)] for name, gamma in zip(names, gammas, strict=True)]

    def _gates(self, tied: TiedLayers) -> list[str]:
        """The batch normalisations behind, which the authors advise; where there is none, the layers themselves."""
        behind = [one.name for one in self._normalisations(tied) if one.parameters > 2 * one.shape[-1]]
        return behind or list(tied.layers)

    def _outputs(self, name: str, tied: TiedLayers) -> np.ndarray:
        return places_of(self.coupled.outputs[name].groups, tied.groups)[:, 0]

    def _channels(self, layer: Layer, tied: TiedLayers) -> np.ndarray:
        """Places among the channels of a layer's input."""
        channels = len(self._responses[layer.name].variances)
        return places_of(self.coupled.inputs(layer)[:channels], tied.groups)[:, 0]

    def _partners(self, gone: np.ndarray) -> dict[int, int]:
        """Removed group → the group that stays and is most like it, over all layers that take both."""
        found: dict[int, int] = {}
        for tied in self.coupled.tied:
            takers = [layer for layer in self.takers() if tied.groups[0] in self.coupled.inputs(layer)]
            staying = np.flatnonzero(~gone[tied.groups])
            alike = np.mean([_determination(self._responses[one.name], self._channels(one, tied)) for one in takers], 0)
            for place in np.flatnonzero(gone[tied.groups]):
                nearest = staying[int(alike[place, staying].argmax())]
                found[int(tied.groups[place])] = int(tied.groups[nearest])
        return found

    def _replacement(self, layer: Layer, gone: np.ndarray, partners: Mapping[int, int]) -> Replacement:
        groups, seen = self.coupled.inputs(layer), self._responses[layer.name]
        removed = np.flatnonzero((groups >= 0) & gone[groups])
        if not partners:
            return Replacement(removed, removed, np.zeros(len(removed)), seen.means[removed])
        assert seen.covariances is not None
        channels = len(seen.variances)
        stand_ins = np.empty(len(removed), dtype=np.int64)
        for group in set(groups[removed].tolist()):
            own, other = np.flatnonzero(groups == group), np.flatnonzero(groups == partners[group])
            stand_ins[np.searchsorted(removed, own)] = other
        of_removed, of_partner = removed % channels, stand_ins % channels
        variances = seen.variances[of_partner]
        slopes = np.divide(
            seen.covariances[of_removed, of_partner], variances, out=np.zeros(len(removed)), where=variances > 0
        )
        return Replacement(removed, stand_ins, slopes, seen.means[removed] - slopes * seen.means[stand_ins])


def places_of(groups: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Where groups stand along an axis on which each stands equally often; int64 (wanted, times)."""
    order = np.argsort(groups, kind="stable")
    times = int(np.sum(groups == wanted[0]))
    first = np.searchsorted(groups[order], wanted)
    return order[first[:, None] + np.arange(times)]


def _determination(seen: Responses, places: np.ndarray) -> np.ndarray:
    """The squared correlation of each two channels; 1 where one of them is constant, as its mean says all of it."""
    assert seen.covariances is not None
    products = np.outer(seen.variances[places], seen.variances[places])
    squares = np.square(seen.covariances[np.ix_(places, places)])
    found = np.divide(squares, products, out=np.ones_like(squares), where=products > 0)
    return np.minimum(found, 1.0)
