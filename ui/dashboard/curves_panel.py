"""Loss and accuracy over the epochs of all stages, training and validation, with the stages marked."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import nan

import pyqtgraph
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QMenu, QWidget

from engine.contract.events import EpochFinished
from ui.dashboard.plot import LABEL_POINTS, Plot, PlotTable
from ui.dashboard.stage_axis import StageAxis
from ui.shown_run import ShownRun, StageProgress
from ui.theme import Theme

X_AXIS = "epoch (all stages)"
LINE_WIDTH = 2
SYMBOLS = {"training": "o", "validation": "s"}
SYMBOL_SIZE = 5
MAX_SYMBOLS = 150
LEFT_AXIS_PIXELS = 54
NARROW_PIXELS = 520
"""Below this width the two plots stand one above the other."""
MIN_HEIGHT = 150
SMOOTHINGS = {"none": 0.0, "some": 0.6, "much": 0.9}
"""Name → how much of each value is that before it."""


class CurvesPanel(QWidget):
    """Loss beside accuracy."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.loss = CurvePlot(
            "dashboard.loss",
            "Loss",
            "cross-entropy (nats)",
            lambda epoch: (epoch.loss, epoch.validation_loss),
        )
        self.accuracy = CurvePlot(
            "dashboard.accuracy",
            "Accuracy",
            "accuracy (fraction)",
            lambda epoch: (epoch.accuracy, epoch.validation_accuracy),
        )
        self.parts = (self.loss, self.accuracy)
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        for curve in self.parts:
            curve.plot.setMinimumHeight(MIN_HEIGHT)
            self._layout.addWidget(curve.plot)
        self.set_theme(theme)

    def points(self) -> int:
        """Epochs that are drawn."""
        return self.loss.points()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < NARROW_PIXELS
        self._layout.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)

    def set_theme(self, theme: Theme) -> None:
        for curve in self.parts:
            curve.set_theme(theme)


class CurvePlot:
    """One plot with a line for training and one for validation, made once and updated."""

    def __init__(
        self, name: str, title: str, y_axis: str, values: Callable[[EpochFinished], tuple[float, float]]
    ) -> None:
        self._axis = StageAxis()
        self.plot = Plot(name, X_AXIS, y_axis, counts=True, top=self._axis)
        self.plot.showAxis("top")
        self.plot.getAxis("left").setWidth(LEFT_AXIS_PIXELS)
        self.plot.described = self._described
        self.plot.tabled = self._table
        self._title = title
        self._values = values
        self._smoothing = 0.0
        self._lines = {name: self.plot.plot(symbolSize=SYMBOL_SIZE, connect="finite") for name in SYMBOLS}
        for line in self._lines.values():
            # Thousands of epochs are drawn as the few hundred pixels that they cover.
            line.setDownsampling(auto=True, method="subsample")
        self._stages: list[tuple[str, list[EpochFinished]]] = []
        """Title and epochs of each stage that trains."""
        self._marks: list[pyqtgraph.InfiniteLine] = []
        self._theme: Theme | None = None
        self._offer_views()

    def points(self) -> int:
        """Epochs that are drawn."""
        return sum(len(epochs) for _, epochs in self._stages)

    def show_state(self, state: ShownRun) -> None:
        """Draw the epochs that have come, and a line before each stage's first."""
        stages = [_of_stage(stage) for stage in state.stages.values() if stage.epochs]
        if stages == self._stages:
            return
        begun = [len(epochs) for _, epochs in stages[:-1]] != [len(epochs) for _, epochs in self._stages[:-1]]
        self._stages = stages
        self.plot.show_values(bool(stages))
        self._draw()
        self._mark_stages(anew=begun or len(self._marks) != len(stages) - 1)

    def set_theme(self, theme: Theme) -> None:
        """Colours of the background, the lines, and of their names above the plot, where they hide no point."""
        self._theme = theme
        self.plot.paint(theme)
        for line, colour, style in zip(
            self._lines.values(), theme.series, (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine), strict=False
        ):
            line.setPen(pyqtgraph.mkPen(colour, width=LINE_WIDTH, style=style))
            line.setSymbolBrush(colour)
            line.setSymbolPen(None)
        self._write_title()
        self._mark_stages(anew=True)

    def _offer_views(self) -> None:
        """The log axis and the smoothing, in the plot's menu."""
        log = QAction("&Log axis", self.plot, checkable=True)
        log.toggled.connect(lambda on: self.plot.setLogMode(y=on))
        self.plot.offer(log)
        smoothing = QMenu("S&moothing", self.plot)
        group = QActionGroup(smoothing)
        for name, amount in SMOOTHINGS.items():
            action = QAction(name, smoothing, checkable=True, checked=amount == 0)
            action.triggered.connect(partial(self._smooth, amount))
            group.addAction(action)
            smoothing.addAction(action)
        self.plot.offer(smoothing)

    def _smooth(self, amount: float, *_: object) -> None:
        self._smoothing = amount
        self._draw()
        self._write_title()

    def _write_title(self) -> None:
        if self._theme is None:
            return
        signs = [
            f'<span style="color:{colour}">{sign} {name}</span>'
            for name, colour, sign in zip(self._lines, self._theme.series, "●■", strict=False)
        ]
        if self._smoothing:
            signs.append(f"smoothed, {self._smoothing:g}")
        title = "&nbsp; ".join([f"<b>{self._title}</b>", *signs])
        self.plot.setTitle(title, size=LABEL_POINTS, color=self._theme.text)

    def _draw(self) -> None:
        many = self.points() > MAX_SYMBOLS
        for place, (name, line) in enumerate(self._lines.items()):
            x: list[float] = []
            y: list[float] = []
            number = 0
            for _, epochs in self._stages:
                smoothed = nan
                for epoch in epochs:
                    number += 1
                    value = self._values(epoch)[place]
                    kept = self._smoothing if smoothed == smoothed else 0.0
                    smoothed = value if kept == 0 else kept * smoothed + (1 - kept) * value
                    x.append(number)
                    y.append(smoothed)
                # Else a stage would seem to fall from where the one before it ended.
                x.append(number + 0.5)
                y.append(nan)
            # Where points are many, their symbols take long to draw and hide the line.
            line.setData(x, y, symbol=None if many else SYMBOLS[name])

    def _mark_stages(self, anew: bool) -> None:
        spans, before = [], 0
        for title, epochs in self._stages:
            spans.append((title, before + 0.5, before + len(epochs) + 0.5))
            before += len(epochs)
        self._axis.show_stages(spans)
        if not anew or self._theme is None:
            return
        for mark in self._marks:
            self.plot.removeItem(mark)
        pen = pyqtgraph.mkPen(self._theme.muted, style=Qt.PenStyle.DotLine)
        self._marks = [pyqtgraph.InfiniteLine(begin, pen=pen) for _, begin, _ in spans[1:]]
        for mark in self._marks:
            self.plot.addItem(mark)

    def _described(self, point: QPointF) -> str:
        wanted = round(point.x())
        for title, epochs in self._stages:
            if 1 <= wanted <= len(epochs):
                epoch = epochs[wanted - 1]
                values = zip(SYMBOLS, self._values(epoch), strict=True)
                return f"{title}, epoch {epoch.epoch}\n" + "\n".join(f"{name}: {value:.4f}" for name, value in values)
            wanted -= len(epochs)
        return ""

    def _table(self) -> PlotTable:
        rows = [(title, epoch.epoch, *self._values(epoch)) for title, epochs in self._stages for epoch in epochs]
        key = self._title.lower()
        return PlotTable(("stage", "epoch", f"training_{key}", f"validation_{key}"), rows)


def _of_stage(stage: StageProgress) -> tuple[str, list[EpochFinished]]:
    return stage.plan.title, list(stage.epochs)
