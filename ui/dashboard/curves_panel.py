"""Loss and accuracy over the epochs of all stages, training and validation, with the stages marked."""

from __future__ import annotations

from collections.abc import Callable

import pyqtgraph
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.contract.events import EpochFinished
from ui.dashboard.plot_style import LABEL_POINTS, empty_plot, paint_plot
from ui.dashboard.run_state import RunState
from ui.theme import Theme

X_AXIS = "epoch (all stages)"
LINE_WIDTH = 2
SYMBOLS = {"training": "o", "validation": "s"}
SYMBOL_SIZE = 5
MOST_SYMBOLS = 150
LEFT_AXIS_PIXELS = 54
LONGEST_MARK = 17
MARK_POINTS = 8


class CurvesPanel(QWidget):
    """Loss beside accuracy."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.loss = CurvePlot(
            "dashboard.loss",
            "Loss",
            "cross-entropy (nats)",
            lambda epoch: (epoch.loss, epoch.validation_loss),
            falls=True,
        )
        self.accuracy = CurvePlot(
            "dashboard.accuracy",
            "Accuracy",
            "accuracy (fraction)",
            lambda epoch: (epoch.accuracy, epoch.validation_accuracy),
            falls=False,
        )
        self.parts = (self.loss, self.accuracy)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for curve in self.parts:
            layout.addWidget(curve.plot)
        self.set_theme(theme)

    def points(self) -> int:
        """Epochs that are drawn."""
        return self.loss.points()

    def set_theme(self, theme: Theme) -> None:
        for curve in self.parts:
            curve.set_theme(theme)


class CurvePlot:
    """One plot with a line for training and one for validation, made once and fed anew."""

    def __init__(
        self, name: str, title: str, y_axis: str, values: Callable[[EpochFinished], tuple[float, float]], falls: bool
    ) -> None:
        """An empty plot; `falls`: whether training brings the values down, so that the lower left is free for names."""
        self.plot = empty_plot(name, X_AXIS, y_axis, counts=True)
        self.plot.getAxis("left").setWidth(LEFT_AXIS_PIXELS)
        self._title = title
        self._values = values
        self._falls = falls
        self._lines = {name: self.plot.plot(symbolSize=SYMBOL_SIZE, connect="finite") for name in SYMBOLS}
        for line in self._lines.values():
            # Thousands of epochs are drawn as the few hundred pixels that they cover.
            line.setDownsampling(auto=True, method="peak")
        self._shown: list[EpochFinished] = []
        self._marks: list[pyqtgraph.InfiniteLine] = []
        self._begins: list[tuple[str, int]] = []

    def points(self) -> int:
        """Epochs that are drawn."""
        x, _ = self._lines["training"].getOriginalDataset()
        return 0 if x is None else len(x)

    def show_state(self, state: RunState) -> None:
        """Draw the epochs that have come, and a line before each stage's first."""
        epochs = [epoch for stage in state.stages.values() for epoch in stage.epochs]
        if epochs == self._shown:
            return
        self._shown = epochs
        x = list(range(1, len(epochs) + 1))
        for place, (name, line) in enumerate(self._lines.items()):
            # Where points are many, their symbols take long to draw and hide the line.
            symbol = SYMBOLS[name] if len(epochs) <= MOST_SYMBOLS else None
            line.setData(x, [self._values(epoch)[place] for epoch in epochs], symbol=symbol)
        begins, before = [], 0
        for stage in state.stages.values():
            if stage.epochs:
                begins.append((stage.plan.title, before))
                before += len(stage.epochs)
        if begins != self._begins:
            self._begins = begins
            self._mark_stages()

    def set_theme(self, theme: Theme) -> None:
        """Colours of the background, the lines, and of their names above the plot, where they hide no point."""
        paint_plot(self.plot, theme)
        self._mark_colour = theme.muted
        signs = []
        for (name, line), colour, sign, style in zip(
            self._lines.items(), theme.series, "●■", (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine), strict=False
        ):
            line.setPen(pyqtgraph.mkPen(colour, width=LINE_WIDTH, style=style))
            line.setSymbolBrush(colour)
            line.setSymbolPen(None)
            signs.append(f'<span style="color:{colour}">{sign} {name}</span>')
        self.plot.setTitle("&nbsp; ".join([f"<b>{self._title}</b>", *signs]), size=LABEL_POINTS, color=theme.text)
        self._mark_stages()

    def _mark_stages(self) -> None:
        for mark in self._marks:
            self.plot.removeItem(mark)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
        font.setPointSize(MARK_POINTS)
        self._marks = []
        for title, before in self._begins:
            # Upright along its line: the titles of short stages side by side stay apart.
            mark = pyqtgraph.InfiniteLine(
                before + 0.5,
                pen=pyqtgraph.mkPen(self._mark_colour, style=Qt.PenStyle.DotLine),
                label=title if len(title) <= LONGEST_MARK else f"{title[:LONGEST_MARK]}…",
                labelOpts={
                    "position": 0.03 if self._falls else 0.97,
                    "rotateAxis": (1, 0),
                    "anchors": [(0, 0), (0, 0)] if self._falls else [(1, 0), (1, 0)],
                    "color": self._mark_colour,
                },
            )
            mark.label.setFont(font)
            self.plot.addItem(mark)
            self._marks.append(mark)
