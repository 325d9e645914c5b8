"""What channel pruning removes: the accuracy over the MACs that remain, and the channels of each layer."""

from __future__ import annotations

from html import escape
from typing import ClassVar

import pyqtgraph
from PySide6.QtCore import QPointF, QSettings, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout

from engine.steps.channel_pruning.evidence import RemovedChannels
from ui.dashboard.panel import Panel
from ui.dashboard.plot import Plot, PlotTable
from ui.shown_run import ShownRun
from ui.theme import Theme

LINE_WIDTH, SYMBOL_SIZE = 2, 7
TUNED, PRUNED = "after fine-tuning", "right after pruning"
LEFT, BEFORE = "channels that remain", "channels before"

Found = tuple[tuple[str, RemovedChannels], ...]
"""Title of a stage and what it removed."""


class RemovedChannelsPanel(Panel):
    """Accuracy by round, and channels by layer, for each stage that prunes channels."""

    key: ClassVar[str] = "channel_pruning"
    tab: ClassVar[str] = "Channel pruning"
    place: ClassVar[int] = 21

    def __init__(self, theme: Theme, settings: QSettings | None = None) -> None:
        super().__init__(theme, settings)
        self._theme = theme
        self._shown: Found = ()
        self.accuracy = Plot("dashboard.channels.accuracy", "MACs (share of those before)", "validation accuracy")
        self.accuracy.described, self.accuracy.tabled = self._round_described, self._round_table
        self.channels = Plot("dashboard.channels.layers", "layer, from the image on", "channels", counts=True)
        self.channels.described, self.channels.tabled = self._layer_described, self._layer_table
        self._legend = QLabel(objectName="dashboard.channels.legend", wordWrap=True)
        plots = QHBoxLayout()
        plots.addWidget(self.accuracy, 1)
        plots.addWidget(self.channels, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(plots, 1)
        layout.addWidget(self._legend)
        self.set_theme(theme)

    def points(self) -> int:
        """Rounds that are drawn."""
        return sum(len(found.rounds) for _, found in self._shown)

    def show_state(self, state: ShownRun) -> None:
        """Draw the rounds that have come."""
        found = tuple(state.found(RemovedChannels))
        if found != self._shown:
            self._shown = found
            self._draw()
            self.filled.emit(bool(found))

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for plot in (self.accuracy, self.channels):
            plot.paint(theme)
        self._draw()

    def _draw(self) -> None:
        named = []
        for plot in (self.accuracy, self.channels):
            plot.clear()
            plot.show_values(bool(self._shown))
        for place, (title, found) in enumerate(self._shown):
            colour = self._theme.series[place % len(self._theme.series)]
            shares = [1.0, *(one.macs / found.macs_before for one in found.rounds)]
            before = found.validation_accuracy_before
            tuned = [before, *(one.validation_accuracy_after_fine_tuning for one in found.rounds)]
            pruned = [before, *(one.validation_accuracy_after_pruning for one in found.rounds)]
            self._line(self.accuracy, shares, tuned, colour)
            self._line(self.accuracy, shares, pruned, colour, dashed=True)
            layers = [float(number) for number in range(1, len(found.layers) + 1)]
            self._line(self.channels, layers, [float(one.after) for one in found.layers], colour)
            self._line(self.channels, layers, [float(one.before) for one in found.layers], colour, dashed=True)
            said = f"● {escape(title)}; left: {TUNED}, right: {LEFT}; ■ left: {PRUNED}, right: {BEFORE}"
            named.append(f'<span style="color:{colour}">{said}</span>')
        self._legend.setText("<br>".join(named))

    @staticmethod
    def _line(plot: Plot, x: list[float], y: list[float], colour: str, dashed: bool = False) -> None:
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

    def _round_described(self, point: QPointF) -> str:
        every = [(title, found.macs_before, one) for title, found in self._shown for one in found.rounds]
        if not every:
            return ""
        title, before, near = min(every, key=lambda one: abs(one[2].macs / one[1] - point.x()))
        return (
            f"{title}: {near.macs / before:.1%} of the MACs, {near.parameters:,} parameters\n"
            f"{TUNED}: {near.validation_accuracy_after_fine_tuning:.4f}\n"
            f"{PRUNED}: {near.validation_accuracy_after_pruning:.4f}"
        )

    def _layer_described(self, point: QPointF) -> str:
        number = round(point.x()) - 1
        near = [(title, found.layers[number]) for title, found in self._shown if 0 <= number < len(found.layers)]
        return "\n".join(f"{title}, {one.layer}: {one.after} of {one.before} channels remain" for title, one in near)

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
            for title, found in self._shown
            for one in found.rounds
        ]
        return PlotTable(header, rows)

    def _layer_table(self) -> PlotTable:
        rows = [(title, one.layer, one.before, one.after) for title, found in self._shown for one in found.layers]
        return PlotTable(("stage", "layer", "channels_before", "channels_after"), rows)
