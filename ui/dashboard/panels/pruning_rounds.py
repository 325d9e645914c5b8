"""How accurate the network was at each sparsity, right after pruning and after fine-tuning (Kharitonov 2024)."""

from __future__ import annotations

from html import escape
from typing import ClassVar

import pyqtgraph
from PySide6.QtCore import QPointF, QSettings, Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout

from engine.steps.magnitude_pruning.evidence import PruningRound, PruningRounds
from ui.dashboard.panel import Panel
from ui.dashboard.plot import Plot, PlotTable
from ui.shown_run import ShownRun
from ui.theme import Theme

X_AXIS = "zeros among the pruned kernels' values (fraction)"
Y_AXIS = "validation accuracy (fraction)"
LINE_WIDTH, SYMBOL_SIZE = 2, 8
TUNED, PRUNED = "after fine-tuning", "right after pruning"

Rounds = tuple[tuple[str, tuple[PruningRound, ...]], ...]
"""Title of a stage and its rounds."""


class PruningPanel(Panel):
    """A curve over sparsity for each stage that prunes by rounds."""

    key: ClassVar[str] = "pruning_rounds"
    tab: ClassVar[str] = "Pruning rounds"
    place: ClassVar[int] = 20

    def __init__(self, theme: Theme, settings: QSettings | None = None) -> None:
        super().__init__(theme, settings)
        self._theme = theme
        self._shown: Rounds = ()
        self.plot = Plot("dashboard.pruning", X_AXIS, Y_AXIS)
        self.plot.described = self._described
        self.plot.tabled = self._table
        # Below the plot: inside it would lie over the curves.
        self._legend = QLabel(objectName="dashboard.pruning.legend", wordWrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.plot, 1)
        layout.addWidget(self._legend)
        self.set_theme(theme)

    def points(self) -> int:
        """Rounds that are drawn."""
        return sum(len(rounds) for _, rounds in self._shown)

    def show_state(self, state: ShownRun) -> None:
        """Draw the rounds that have come."""
        rounds = tuple((title, found.rounds) for title, found in state.found(PruningRounds))
        if rounds != self._shown:
            self._shown = rounds
            self._draw()
            self.filled.emit(bool(rounds))

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.plot.paint(theme)
        self._draw()

    def _draw(self) -> None:
        self.plot.clear()
        self.plot.show_values(bool(self._shown))
        named = []
        for place, (title, rounds) in enumerate(self._shown):
            colour = self._theme.series[place % len(self._theme.series)]
            x = [one.sparsity_fraction for one in rounds]
            tuned = [one.validation_accuracy_after_fine_tuning for one in rounds]
            pruned = [one.validation_accuracy_after_pruning for one in rounds]
            for y, symbol, style in ((tuned, "o", Qt.PenStyle.SolidLine), (pruned, "s", Qt.PenStyle.DashLine)):
                self.plot.plot(
                    x,
                    y,
                    pen=pyqtgraph.mkPen(colour, width=LINE_WIDTH, style=style),
                    symbol=symbol,
                    symbolSize=SYMBOL_SIZE,
                    symbolBrush=colour,
                    symbolPen=None,
                )
            named.append(f'<span style="color:{colour}">● {escape(title)}, {TUNED}; ■ {PRUNED}</span>')
        self._legend.setText("<br>".join(named))

    def _described(self, point: QPointF) -> str:
        every = [(title, one) for title, rounds in self._shown for one in rounds]
        if not every:
            return ""
        title, near = min(every, key=lambda one: abs(one[1].sparsity_fraction - point.x()))
        return (
            f"{title}: {near.sparsity_fraction:.4g} zeros\n{TUNED}: {near.validation_accuracy_after_fine_tuning:.4f}\n"
            f"{PRUNED}: {near.validation_accuracy_after_pruning:.4f}"
        )

    def _table(self) -> PlotTable:
        header = ("stage", "sparsity_fraction", "accuracy_after_pruning", "accuracy_after_fine_tuning")
        return PlotTable(
            header,
            [
                (
                    title,
                    one.sparsity_fraction,
                    one.validation_accuracy_after_pruning,
                    one.validation_accuracy_after_fine_tuning,
                )
                for title, rounds in self._shown
                for one in rounds
            ],
        )
