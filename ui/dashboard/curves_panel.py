"""Loss and accuracy over the epochs of all stages, training and validation, with the stages marked."""

from __future__ import annotations

import pyqtgraph
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ui.dashboard.plot_style import styled_plot
from ui.dashboard.run_state import RunState
from ui.theme import Theme

X_AXIS = "epoch, all stages (count)"
LINE_WIDTH = 2


class CurvesPanel(QWidget):
    """Two plots; their four lines are made once and fed anew."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.loss = styled_plot(theme, X_AXIS, "loss (nats)", "dashboard.loss")
        self.accuracy = styled_plot(theme, X_AXIS, "accuracy (fraction)", "dashboard.accuracy")
        self._lines = {
            "loss": self._pair(self.loss),
            "accuracy": self._pair(self.accuracy),
        }
        self._marks: list[tuple[pyqtgraph.PlotWidget, object]] = []
        self._marked: tuple[tuple[str, int], ...] = ()
        self._fed = -1
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.loss)
        layout.addWidget(self.accuracy)

    def points(self) -> int:
        """Epochs that are drawn."""
        data = self._lines["loss"][0].getData()[0]
        return 0 if data is None else len(data)

    def show_state(self, state: RunState) -> None:
        """Draw the epochs that have come."""
        epochs = [epoch for stage in state.stages.values() for epoch in stage.epochs]
        if len(epochs) == self._fed:
            return
        self._fed = len(epochs)
        x = list(range(1, len(epochs) + 1))
        self._lines["loss"][0].setData(x, [epoch.loss for epoch in epochs])
        self._lines["loss"][1].setData(x, [epoch.validation_loss for epoch in epochs])
        self._lines["accuracy"][0].setData(x, [epoch.accuracy for epoch in epochs])
        self._lines["accuracy"][1].setData(x, [epoch.validation_accuracy for epoch in epochs])
        self._mark_stages(state)

    def _pair(self, plot: pyqtgraph.PlotWidget) -> tuple[pyqtgraph.PlotDataItem, pyqtgraph.PlotDataItem]:
        """Two lines, named above the plot, where a legend hides none of their points."""
        first, second = self._theme.series[:2]
        plot.setTitle(
            f'<span style="color:{first}">● training</span> &nbsp; <span style="color:{second}">■ validation</span>',
            size="9pt",
        )
        training = plot.plot(
            pen=pyqtgraph.mkPen(first, width=LINE_WIDTH),
            symbol="o",
            symbolSize=5,
            symbolBrush=first,
            symbolPen=None,
            name="training",
        )
        dashed = pyqtgraph.mkPen(second, width=LINE_WIDTH, style=Qt.PenStyle.DashLine)
        validation = plot.plot(
            pen=dashed, symbol="s", symbolSize=5, symbolBrush=second, symbolPen=None, name="validation"
        )
        return training, validation

    def _mark_stages(self, state: RunState) -> None:
        """A line where each stage's epochs begin, with its title; only when a stage has begun."""
        begins, before = [], 0
        for stage in state.stages.values():
            if stage.epochs:
                begins.append((stage.plan.title, before))
                before += len(stage.epochs)
        if tuple(begins) == self._marked:
            return
        self._marked = tuple(begins)
        for plot, mark in self._marks:
            plot.removeItem(mark)
        self._marks = []
        for plot in (self.loss, self.accuracy):
            for title, begin in begins[1:]:
                mark = pyqtgraph.InfiniteLine(
                    begin + 0.5,
                    pen=pyqtgraph.mkPen(self._theme.muted, style=Qt.PenStyle.DotLine),
                    label=title,
                    labelOpts={"position": 0.96, "color": self._theme.muted, "anchors": [(1, 0), (1, 0)]},
                )
                plot.addItem(mark)
                self._marks.append((plot, mark))
