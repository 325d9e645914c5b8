"""What dynamic sparse training explores: how many weights have ever been connections, and how dense each layer is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from PySide6.QtCore import QPointF

from engine.contract.evidence import Evidence
from engine.language.speech import mark, tr
from engine.steps.dynamic_sparse_training.evidence import Exchange, LayerDensity, SparseExploration
from ui.dashboard.evidence_plots import EvidencePlots, layer_numbers
from ui.dashboard.plot import Plot, PlotTable

EXPLORED, DROPPED, DENSITY = mark("ever connected"), mark("exchanged at once"), mark("connections")


class SparseExplorationPanel(EvidencePlots[SparseExploration]):
    """Exploration over the batches, and density over the layers, for each stage that trains so."""

    key: ClassVar[str] = "sparse_exploration"
    tab: ClassVar[str] = mark("Sparse training")
    place: ClassVar[int] = 22
    evidence: ClassVar[type[Evidence]] = SparseExploration
    name: ClassVar[str] = "dashboard.exploration"

    def plots(self) -> Sequence[Plot]:
        self.exploration = Plot(
            "dashboard.exploration", tr("batch"), tr("share of weights, or of connections"), counts=True
        )
        self.exploration.described, self.exploration.tabled = self._exchange_described, self._exchange_table
        self.density = Plot(
            "dashboard.density", tr("layer, from the image on"), tr("share of the layer's weights"), counts=True
        )
        self.density.described, self.density.tabled = self._layer_described, self._layer_table
        return self.exploration, self.density

    def points(self) -> int:
        """Exchanges that are drawn."""
        return sum(len(found.exchanges) for _, found in self.shown)

    def draw(self, found: SparseExploration, colour: str) -> str:
        batches = [one.batch for one in found.exchanges]
        self.line(self.exploration, batches, [one.explored_fraction for one in found.exchanges], colour)
        self.line(self.exploration, batches, [one.drop_fraction for one in found.exchanges], colour, dashed=True)
        layers = layer_numbers(found.layers)
        self.line(self.density, layers, [one.explored_fraction for one in found.layers], colour)
        self.line(self.density, layers, [one.density_fraction for one in found.layers], colour, dashed=True)
        return tr(
            ", {explored}; ■ left: {dropped}, right: {density}",
            explored=tr(EXPLORED),
            dropped=tr(DROPPED),
            density=tr(DENSITY),
        )

    def _exchange_described(self, point: QPointF) -> str:
        every = [(title, one) for title, found in self.shown for one in found.exchanges]
        if not every:
            return ""
        title, near = min(every, key=lambda one: _distance(one[1], point))
        return tr(
            "{title}, batch {batch}\n{explored}: {explored_fraction:.1%}\n{dropped}: "
            "{drop_fraction:.1%} of the connections ({connections:,})",
            title=title,
            batch=near.batch,
            explored=tr(EXPLORED),
            explored_fraction=near.explored_fraction,
            dropped=tr(DROPPED),
            drop_fraction=near.drop_fraction,
            connections=near.connections,
        )

    def _layer_described(self, point: QPointF) -> str:
        found = [
            (title, layers.layers[number])
            for title, layers in self.shown
            if 0 <= (number := round(point.x()) - 1) < len(layers.layers)
        ]
        return "\n".join(f"{title}, {_density(layer)}" for title, layer in found)

    def _exchange_table(self) -> PlotTable:
        header = ("stage", "batch", "drop_fraction", mark("connections"), "explored_fraction")
        rows = [
            (title, one.batch, one.drop_fraction, one.connections, one.explored_fraction)
            for title, found in self.shown
            for one in found.exchanges
        ]
        return PlotTable(header, rows)

    def _layer_table(self) -> PlotTable:
        header = ("stage", "layer", "weights", mark("connections"), "density_fraction", "explored_fraction")
        rows = [
            (title, one.layer, one.weights, one.connections, one.density_fraction, one.explored_fraction)
            for title, found in self.shown
            for one in found.layers
        ]
        return PlotTable(header, rows)


def _distance(exchange: Exchange, point: QPointF) -> tuple[float, float]:
    return abs(exchange.batch - point.x()), abs(exchange.explored_fraction - point.y())


def _density(layer: LayerDensity) -> str:
    return tr(
        "{layer}: {connections:,} of {weights:,} weights are connections "
        "({density_fraction:.1%}), {explored_fraction:.1%} have ever been",
        layer=layer.layer,
        connections=layer.connections,
        weights=layer.weights,
        density_fraction=layer.density_fraction,
        explored_fraction=layer.explored_fraction,
    )
