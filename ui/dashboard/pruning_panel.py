"""How accurate the network was at each sparsity, right after pruning and after fine-tuning (Kharitonov 2024)."""

from __future__ import annotations

import pyqtgraph
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.contract.measurements import PruningRound
from ui.dashboard.plot_style import LABEL_POINTS, empty_plot, paint_plot
from ui.dashboard.run_state import RunState
from ui.theme import Theme

X_AXIS = "zeros among the pruned kernels' values (fraction)"
Y_AXIS = "validation accuracy (fraction)"
LINE_WIDTH, SYMBOL_SIZE = 2, 8
TUNED, PRUNED = "after fine-tuning", "right after pruning"

Rounds = tuple[tuple[str, tuple[PruningRound, ...]], ...]
"""Title of a stage and its rounds."""


class PruningPanel(QWidget):
    """A curve over sparsity for each stage that prunes by rounds."""

    filled = Signal(bool)
    """Whether there is a round to show."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: Rounds = ()
        self.plot = empty_plot("dashboard.pruning", X_AXIS, Y_AXIS)
        self._legend = self.plot.addLegend(offset=(12, -12), labelTextSize=LABEL_POINTS)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.plot)
        self.set_theme(theme)

    def points(self) -> int:
        """Rounds that are drawn."""
        return sum(len(rounds) for _, rounds in self._shown)

    def show_state(self, state: RunState) -> None:
        """Draw the rounds that have come."""
        rounds = tuple((stage.plan.title, tuple(stage.rounds)) for stage in state.stages.values() if stage.rounds)
        if rounds != self._shown:
            self._shown = rounds
            self._draw()
            self.filled.emit(bool(rounds))

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        paint_plot(self.plot, theme)
        self._legend.setLabelTextColor(theme.text)
        self._draw()

    def _draw(self) -> None:
        self.plot.clear()
        for place, (title, rounds) in enumerate(self._shown):
            colour = self._theme.series[place % len(self._theme.series)]
            x = [one.sparsity_fraction for one in rounds]
            tuned = [one.validation_accuracy_after_fine_tuning for one in rounds]
            pruned = [one.validation_accuracy_after_pruning for one in rounds]
            for name, y, symbol, style in (
                (TUNED, tuned, "o", Qt.PenStyle.SolidLine),
                (PRUNED, pruned, "s", Qt.PenStyle.DashLine),
            ):
                self.plot.plot(
                    x,
                    y,
                    pen=pyqtgraph.mkPen(colour, width=LINE_WIDTH, style=style),
                    symbol=symbol,
                    symbolSize=SYMBOL_SIZE,
                    symbolBrush=colour,
                    symbolPen=None,
                    name=f"{title}, {name}",
                )
