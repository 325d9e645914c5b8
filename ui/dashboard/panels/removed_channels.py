"""What channel pruning removes: the accuracy over the MACs that remain, and the channels of each layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from PySide6.QtCore import QPointF

from engine.contract.evidence import Evidence
from engine.language.speech import mark, tr
from engine.steps.channel_pruning.evidence import RemovedChannels
from ui.dashboard.evidence_plots import EvidencePlots, layer_numbers
from ui.dashboard.plot import Plot, PlotTable

TUNED, PRUNED = mark("after fine-tuning"), mark("right after pruning")
LEFT, BEFORE = mark("channels that remain"), mark("channels before")


class RemovedChannelsPanel(EvidencePlots[RemovedChannels]):
    """Accuracy by round, and channels by layer, for each stage that prunes channels."""

    key: ClassVar[str] = "channel_pruning"
    tab: ClassVar[str] = mark("Channel pruning")
    place: ClassVar[int] = 21
    evidence: ClassVar[type[Evidence]] = RemovedChannels
    name: ClassVar[str] = "dashboard.channels"

    def plots(self) -> Sequence[Plot]:
        self.accuracy = Plot(
            "dashboard.channels.accuracy", tr("MACs (share of those before)"), tr("validation accuracy")
        )
        self.accuracy.described, self.accuracy.tabled = self._round_described, self._round_table
        self.channels = Plot("dashboard.channels.layers", tr("layer, from the image on"), tr("channels"), counts=True)
        self.channels.described, self.channels.tabled = self._layer_described, self._layer_table
        return self.accuracy, self.channels

    def points(self) -> int:
        """Rounds that are drawn."""
        return sum(len(found.rounds) for _, found in self.shown)

    def draw(self, found: RemovedChannels, colour: str) -> str:
        shares = [1.0, *(one.macs / found.macs_before for one in found.rounds)]
        before = found.validation_accuracy_before
        tuned = [before, *(one.validation_accuracy_after_fine_tuning for one in found.rounds)]
        pruned = [before, *(one.validation_accuracy_after_pruning for one in found.rounds)]
        self.line(self.accuracy, shares, tuned, colour)
        self.line(self.accuracy, shares, pruned, colour, dashed=True)
        layers = layer_numbers(found.layers)
        self.line(self.channels, layers, [one.after for one in found.layers], colour)
        self.line(self.channels, layers, [one.before for one in found.layers], colour, dashed=True)
        return tr(
            "; left: {tuned}, right: {left}; ■ left: {pruned}, right: {before}",
            tuned=TUNED,
            left=LEFT,
            pruned=PRUNED,
            before=BEFORE,
        )

    def _round_described(self, point: QPointF) -> str:
        every = [(title, found.macs_before, one) for title, found in self.shown for one in found.rounds]
        if not every:
            return ""
        title, before, near = min(every, key=lambda one: abs(one[2].macs / one[1] - point.x()))
        return tr(
            "{title}: {macs:.1%} of the MACs, {parameters:,} parameters\n{tuned}: "
            "{validation_accuracy_after_fine_tuning:.4f}\n{pruned}: "
            "{validation_accuracy_after_pruning:.4f}",
            title=title,
            macs=near.macs / before,
            parameters=near.parameters,
            tuned=TUNED,
            validation_accuracy_after_fine_tuning=near.validation_accuracy_after_fine_tuning,
            pruned=PRUNED,
            validation_accuracy_after_pruning=near.validation_accuracy_after_pruning,
        )

    def _layer_described(self, point: QPointF) -> str:
        number = round(point.x()) - 1
        near = [(title, found.layers[number]) for title, found in self.shown if 0 <= number < len(found.layers)]
        return "\n".join(
            tr(
                "{title}, {layer}: {after} of {before} channels remain",
                title=title,
                layer=one.layer,
                after=one.after,
                before=one.before,
            )
            for title, one in near
        )

    def _round_table(self) -> PlotTable:
        header = ("stage", "macs", "parameters", "groups", "accuracy_after_pruning", "accuracy_after_fine_tuning")
        rows = [
            (
                title,
                one.macs,
                one.parameters,
                one.groups,
                one.validation_accuracy_after_pruning,
                one.validation_accuracy_after_fine_tuning,
            )
            for title, found in self.shown
            for one in found.rounds
        ]
        return PlotTable(header, rows)

    def _layer_table(self) -> PlotTable:
        rows = [(title, one.layer, one.before, one.after) for title, found in self.shown for one in found.layers]
        return PlotTable(("stage", "layer", "channels_before", "channels_after"), rows)
