"""What low-rank factorisation saves: the multiply-accumulates of each layer before and after."""

from __future__ import annotations

from html import escape
from typing import ClassVar

import pyqtgraph
from PySide6.QtCore import QPointF, QSettings, Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout

from engine.steps.low_rank.evidence import LayerRanks
from ui.dashboard.panel import Panel
from ui.dashboard.plot import Plot, PlotTable
from ui.shown_run import ShownRun
from ui.theme import Theme

LINE_WIDTH, SYMBOL_SIZE = 2, 7
MILLION = 1e6


class LayerRanksPanel(Panel):
    """MACs by layer, for each stage that factors layers."""

    key: ClassVar[str] = "low_rank"
    tab: ClassVar[str] = "Ranks"
    place: ClassVar[int] = 23

    def __init__(self, theme: Theme, settings: QSettings | None = None) -> None:
        super().__init__(theme, settings)
        self._theme = theme
        self._shown: tuple[tuple[str, LayerRanks], ...] = ()
        self.costs = Plot("dashboard.ranks.costs", "layer, from the image on", "million MACs", counts=True)
        self.costs.described, self.costs.tabled = self._described, self._table
        self._legend = QLabel(objectName="dashboard.ranks.legend", wordWrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.costs, 1)
        layout.addWidget(self._legend)
        self.set_theme(theme)

    def show_state(self, state: ShownRun) -> None:
        found = tuple(state.found(LayerRanks))
        if found != self._shown:
            self._shown = found
            self._draw()
            self.filled.emit(bool(found))

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.costs.paint(theme)
        self._draw()

    def _draw(self) -> None:
        named = []
        self.costs.clear()
        self.costs.show_values(bool(self._shown))
        for place, (title, found) in enumerate(self._shown):
            colour = self._theme.series[place % len(self._theme.series)]
            layers = [float(number) for number in range(1, len(found.layers) + 1)]
            for after in (True, False):
                self.costs.plot(
                    layers,
                    [(one.macs_after if after else one.macs_before) / MILLION for one in found.layers],
                    pen=pyqtgraph.mkPen(
                        colour, width=LINE_WIDTH, style=Qt.PenStyle.SolidLine if after else Qt.PenStyle.DashLine
                    ),
                    symbol="o" if after else "s",
                    symbolSize=SYMBOL_SIZE,
                    symbolBrush=colour,
                    symbolPen=None,
                )
            said = f"● {escape(title)}: after; ■ before. {escape(found.sentence())}"
            named.append(f'<span style="color:{colour}">{said}</span>')
        self._legend.setText("<br>".join(named))

    def _described(self, point: QPointF) -> str:
        number = round(point.x()) - 1
        near = [(title, found.layers[number]) for title, found in self._shown if 0 <= number < len(found.layers)]
        return "\n".join(
            f"{title}, {one.layer}: "
            + (
                f"rank {one.rank} of {one.full_rank}, {one.energy_fraction:.1%} of the energy, "
                f"{one.macs_after / one.macs_before:.1%} of the MACs"
                if one.is_factored
                else "whole"
            )
            for title, one in near
        )

    def _table(self) -> PlotTable:
        header = ("stage", "layer", "full_rank", "rank", "energy", "macs_before", "macs_after")
        rows = [
            (title, one.layer, one.full_rank, one.rank, one.energy_fraction, one.macs_before, one.macs_after)
            for title, found in self._shown
            for one in found.layers
        ]
        return PlotTable(header, rows)
