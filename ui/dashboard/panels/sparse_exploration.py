"""What dynamic sparse training explores: how many weights have ever been connections, and how dense each layer is."""

from __future__ import annotations

from html import escape
from typing import ClassVar

import pyqtgraph
from PySide6.QtCore import QPointF, QSettings, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout

from engine.steps.dynamic_sparse_training.evidence import Exchange, LayerDensity, SparseExploration
from ui.dashboard.panel import Panel
from ui.dashboard.plot import Plot, PlotTable
from ui.shown_run import ShownRun
from ui.theme import Theme

LINE_WIDTH, SYMBOL_SIZE = 2, 6
EXPLORED, DROPPED, DENSITY = "ever connected", "exchanged at once", "connections"

Found = tuple[tuple[str, SparseExploration], ...]
"""Title of a stage and what it explored."""


class SparseExplorationPanel(Panel):
    """Exploration over the batches, and density over the layers, for each stage that trains so."""

    key: ClassVar[str] = "sparse_exploration"
    tab: ClassVar[str] = "Sparse training"
    place: ClassVar[int] = 22

    def __init__(self, theme: Theme, settings: QSettings | None = None) -> None:
        super().__init__(theme, settings)
        self._theme = theme
        self._shown: Found = ()
        self.exploration = Plot("dashboard.exploration", "batch", "share of weights, or of connections", counts=True)
        self.exploration.described, self.exploration.tabled = self._exchange_described, self._exchange_table
        self.density = Plot(
            "dashboard.density", "layer, from the image on", "share of the layer's weights", counts=True
        )
        self.density.described, self.density.tabled = self._layer_described, self._layer_table
        self._legend = QLabel(objectName="dashboard.exploration.legend", wordWrap=True)
        plots = QHBoxLayout()
        plots.addWidget(self.exploration, 1)
        plots.addWidget(self.density, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(plots, 1)
        layout.addWidget(self._legend)
        self.set_theme(theme)

    def points(self) -> int:
        """Exchanges that are drawn."""
        return sum(len(found.exchanges) for _, found in self._shown)

    def show_state(self, state: ShownRun) -> None:
        """Draw the exchanges that have come."""
        found = tuple(state.found(SparseExploration))
        if found != self._shown:
            self._shown = found
            self._draw()
            self.filled.emit(bool(found))

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for plot in (self.exploration, self.density):
            plot.paint(theme)
        self._draw()

    def _draw(self) -> None:
        named = []
        for plot in (self.exploration, self.density):
            plot.clear()
            plot.show_values(bool(self._shown))
        for place, (title, found) in enumerate(self._shown):
            colour = self._theme.series[place % len(self._theme.series)]
            batches = [one.batch for one in found.exchanges]
            self._line(self.exploration, batches, [one.explored_fraction for one in found.exchanges], colour)
            self._line(self.exploration, batches, [one.drop_fraction for one in found.exchanges], colour, True)
            layers = list(range(1, len(found.layers) + 1))
            self._line(self.density, layers, [one.explored_fraction for one in found.layers], colour)
            self._line(self.density, layers, [one.density_fraction for one in found.layers], colour, True)
            said = f"● {escape(title)}, {EXPLORED}; ■ left: {DROPPED}, right: {DENSITY}"
            named.append(f'<span style="color:{colour}">{said}</span>')
        self._legend.setText("<br>".join(named))

    @staticmethod
    def _line(plot: Plot, x: list[int], y: list[float], colour: str, dashed: bool = False) -> None:
        style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
        plot.plot(
            x,
            y,
            pen=pyqtgraph.mkPen(colour, width=LINE_WIDTH, style=style),
            symbol="s" if dashed else "o",
            symbolSize=SYMBOL_SIZE,
            symbolBrush=colour,
            symbolPen=None,
        )

    def _exchange_described(self, point: QPointF) -> str:
        every = [(title, one) for title, found in self._shown for one in found.exchanges]
        if not every:
            return ""
        title, near = min(every, key=lambda one: _distance(one[1], point))
        return (
            f"{title}, batch {near.batch}\n{EXPLORED}: {near.explored_fraction:.1%}\n"
            f"{DROPPED}: {near.drop_fraction:.1%} of the connections ({near.connections:,})"
        )

    def _layer_described(self, point: QPointF) -> str:
        found = [
            (title, layers.layers[number])
            for title, layers in self._shown
            if 0 <= (number := round(point.x()) - 1) < len(layers.layers)
        ]
        return "\n".join(f"{title}, {_density(layer)}" for title, layer in found)

    def _exchange_table(self) -> PlotTable:
        header = ("stage", "batch", "drop_fraction", "connections", "explored_fraction")
        rows = [
            (title, one.batch, one.drop_fraction, one.connections, one.explored_fraction)
            for title, found in self._shown
            for one in found.exchanges
        ]
        return PlotTable(header, rows)

    def _layer_table(self) -> PlotTable:
        header = ("stage", "layer", "weights", "connections", "density_fraction", "explored_fraction")
        rows = [
            (title, one.layer, one.weights, one.connections, one.density_fraction, one.explored_fraction)
            for title, found in self._shown
            for one in found.layers
        ]
        return PlotTable(header, rows)


def _distance(exchange: Exchange, point: QPointF) -> tuple[float, float]:
    return abs(exchange.batch - point.x()), abs(exchange.explored_fraction - point.y())


def _density(layer: LayerDensity) -> str:
    return (
        f"{layer.layer}: {layer.connections:,} of {layer.weights:,} weights are connections "
        f"({layer.density_fraction:.1%}), {layer.explored_fraction:.1%} have ever been"
    )
