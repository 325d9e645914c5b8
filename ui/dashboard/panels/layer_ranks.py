"""What low-rank factorisation saves: the multiply-accumulates of each layer before and after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from PySide6.QtCore import QPointF

from engine.contract.evidence import Evidence
from engine.language.speech import mark, tr
from engine.steps.low_rank.evidence import LayerRanks
from ui.dashboard.evidence_plots import EvidencePlots, layer_numbers
from ui.dashboard.plot import Plot, PlotTable

MILLION = 1e6


class LayerRanksPanel(EvidencePlots[LayerRanks]):
    """MACs by layer, for each stage that factors layers."""

    key: ClassVar[str] = "low_rank"
    tab: ClassVar[str] = mark("Ranks")
    place: ClassVar[int] = 23
    evidence: ClassVar[type[Evidence]] = LayerRanks
    name: ClassVar[str] = "dashboard.ranks"

    def plots(self) -> Sequence[Plot]:
        self.costs = Plot("dashboard.ranks.costs", tr("layer, from the image on"), tr("million MACs"), counts=True)
        self.costs.described, self.costs.tabled = self._described, self._table
        return (self.costs,)

    def draw(self, found: LayerRanks, colour: str) -> str:
        layers = layer_numbers(found.layers)
        self.line(self.costs, layers, [one.macs_after / MILLION for one in found.layers], colour)
        self.line(self.costs, layers, [one.macs_before / MILLION for one in found.layers], colour, dashed=True)
        return tr(": after; ■ before. {sentence}", sentence=found.sentence())

    def _described(self, point: QPointF) -> str:
        number = round(point.x()) - 1
        near = [(title, found.layers[number]) for title, found in self.shown if 0 <= number < len(found.layers)]
        return "\n".join(
            f"{title}, {one.layer}: "
            + (
                tr(
                    "rank {rank} of {full_rank}, {energy_fraction:.1%} of the energy, {macs_after:.1%} of the MACs",
                    rank=one.rank,
                    full_rank=one.full_rank,
                    energy_fraction=one.energy_fraction,
                    macs_after=one.macs_after / one.macs_before,
                )
                if one.is_factored
                else "whole"
            )
            for title, one in near
        )

    def _table(self) -> PlotTable:
        header = ("stage", "layer", "full_rank", "rank", "energy", "macs_before", "macs_after")
        rows = [
            (title, one.layer, one.full_rank, one.rank, one.energy_fraction, one.macs_before, one.macs_after)
            for title, found in self.shown
            for one in found.layers
        ]
        return PlotTable(header, rows)
