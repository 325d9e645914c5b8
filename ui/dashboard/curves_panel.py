"""Loss and accuracy over the epochs of all stages, training and validation, with the stages marked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import zip_longest
from math import nan
from statistics import fmean

import pyqtgraph
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QAction, QActionGroup, QColor, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QMenu, QWidget

from engine.contract.events import EpochFinished
from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, number_text, tr
from ui.dashboard.plot import LABEL_POINTS, Plot, PlotTable
from ui.dashboard.repeated_stages import RepeatedStage, repeated_stages
from ui.dashboard.stage_axis import StageAxis
from ui.shown_run import ShownRun
from ui.theme import Theme

X_AXIS = mark("epoch (all stages)")
LINE_WIDTH = 2
SYMBOLS = {mark("training"): "o", mark("validation"): "s"}
SYMBOL_SIZE = 5
MAX_SYMBOLS = 150
BAND_ALPHA = 45
LEFT_AXIS_PIXELS = 54
NARROW_PIXELS = 520
"""Below this width the two plots stand one above the other."""
MIN_HEIGHT = 150
SMOOTHINGS = {mark("none"): 0.0, mark("some"): 0.6, mark("much"): 0.9}
"""Name → how much of each value is that before it."""


class CurvesPanel(QWidget):
    """Loss beside accuracy."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.loss = CurvePlot(
            "dashboard.loss",
            tr("Loss"),
            tr("cross-entropy (nats)"),
            lambda epoch: (epoch.loss, epoch.validation_loss),
        )
        self.accuracy = CurvePlot(
            "dashboard.accuracy",
            tr("Accuracy"),
            tr("accuracy (fraction)"),
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
        self.plot = Plot(name, tr(X_AXIS), y_axis, counts=True, top=self._axis)
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
        self._bands = {name: _Band(self.plot) for name in SYMBOLS}
        self._stages: list[RepeatedStage] = []
        self._marks: list[pyqtgraph.InfiniteLine] = []
        self._theme: Theme | None = None
        self._offer_views()

    def points(self) -> int:
        """Epochs that are drawn."""
        return sum(stage.length for stage in self._stages)

    def show_state(self, state: ShownRun) -> None:
        """Draw the epochs that have come, and a line before each stage's first."""
        stages = repeated_stages(state.stages.values())
        if stages == self._stages:
            return
        begun = [stage.length for stage in stages[:-1]] != [stage.length for stage in self._stages[:-1]]
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
        for band, colour in zip(self._bands.values(), theme.series, strict=False):
            band.paint(colour)
        self._write_title()
        self._mark_stages(anew=True)

    def _offer_views(self) -> None:
        """The log axis and the smoothing, in the plot's menu."""
        log = QAction(tr("&Log axis"), self.plot, checkable=True)
        log.toggled.connect(lambda on: self.plot.setLogMode(y=on))
        self.plot.offer(log)
        smoothing = QMenu(tr("S&moothing"), self.plot)
        group = QActionGroup(smoothing)
        for name, amount in SMOOTHINGS.items():
            action = QAction(tr(name), smoothing, checkable=True, checked=amount == 0)
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
            f'<span style="color:{colour}">{sign} {tr(name)}</span>'
            for name, colour, sign in zip(self._lines, self._theme.series, "●■", strict=False)
        ]
        if self._smoothing:
            signs.append(tr("smoothed, {smoothing:g}", smoothing=self._smoothing))
        title = "&nbsp; ".join([f"<b>{self._title}</b>", *signs])
        self.plot.setTitle(title, size=LABEL_POINTS, color=self._theme.text)

    def _draw(self) -> None:
        many = self.points() > MAX_SYMBOLS
        for place, (name, line) in enumerate(self._lines.items()):
            x: list[float] = []
            y: list[float] = []
            lows: list[float] = []
            highs: list[float] = []
            number = 0
            for stage in self._stages:
                runs = [self._smoothed([self._values(epoch)[place] for epoch in epochs]) for epochs in stage.epochs]
                for reached in zip_longest(*runs):
                    values = [value for value in reached if value is not None]
                    number += 1
                    x.append(number)
                    y.append(fmean(values))
                    lows.append(min(values))
                    highs.append(max(values))
                # Else a stage would seem to fall from where the one before it ended.
                x.append(number + 0.5)
                for ends in (y, lows, highs):
                    ends.append(nan)
            if any(len(stage.repeats) > 1 for stage in self._stages):
                self._bands[name].show(x, lows, highs)
            # Where points are many, their symbols take long to draw and hide the line.
            line.setData(x, y, symbol=None if many else SYMBOLS[name])

    def _smoothed(self, values: list[float]) -> list[float]:
        found: list[float] = []
        for value in values:
            kept = self._smoothing if found else 0.0
            found.append(value if kept == 0 else kept * found[-1] + (1 - kept) * value)
        return found

    def _mark_stages(self, anew: bool) -> None:
        spans, before = [], 0
        for stage in self._stages:
            spans.append((recognised(stage.title), before + 0.5, before + stage.length + 0.5))
            before += stage.length
        self._axis.show_stages(spans)
        if not anew or self._theme is None:
            return
        for line in self._marks:
            self.plot.removeItem(line)
        pen = pyqtgraph.mkPen(self._theme.muted, style=Qt.PenStyle.DotLine)
        self._marks = [pyqtgraph.InfiniteLine(begin, pen=pen) for _, begin, _ in spans[1:]]
        for line in self._marks:
            self.plot.addItem(line)

    def _described(self, point: QPointF) -> str:
        wanted = round(point.x())
        for stage in self._stages:
            if 1 <= wanted <= stage.length:
                reached = [epochs[wanted - 1] for epochs in stage.epochs if wanted <= len(epochs)]
                of = zip(SYMBOLS, zip(*map(self._values, reached), strict=True), strict=True)
                lines = [f"{tr(name)}: {_mean_and_range(values)}" for name, values in of]
                many = tr(", mean of {count} repetitions (range)", count=len(reached)) if len(reached) > 1 else ""
                return "\n".join(
                    [
                        tr(
                            "{title}, epoch {epoch}{many}",
                            title=recognised(stage.title),
                            epoch=reached[0].epoch,
                            many=many,
                        ),
                        *lines,
                    ]
                )
            wanted -= stage.length
        return ""

    def _table(self) -> PlotTable:
        repeated = any(name for stage in self._stages for name in stage.repeats)
        rows = [
            (stage.title, *([name] if repeated else []), epoch.epoch, *self._values(epoch))
            for stage in self._stages
            for name, epochs in zip(stage.repeats, stage.epochs, strict=True)
            for epoch in epochs
        ]
        key = self.plot.objectName().removeprefix("dashboard.")
        head = ("stage", *(["repetition"] if repeated else []), "epoch", f"training_{key}", f"validation_{key}")
        return PlotTable(head, rows)


class _Band:
    """The range over the repetitions, as a pale band behind a line."""

    def __init__(self, plot: Plot) -> None:
        self._ends = [pyqtgraph.PlotDataItem(connect="finite") for _ in range(2)]
        self._area = pyqtgraph.FillBetweenItem(*self._ends)
        self._area.setZValue(-1)
        plot.addItem(self._area)

    def paint(self, colour: str) -> None:
        shade = QColor(colour)
        shade.setAlpha(BAND_ALPHA)
        self._area.setBrush(pyqtgraph.mkBrush(shade))

    def show(self, x: list[float], lows: list[float], highs: list[float]) -> None:
        for end, y in zip(self._ends, (lows, highs), strict=True):
            end.setData(x, y)


def _mean_and_range(values: Sequence[float]) -> str:
    if len(values) == 1:
        return number_text(f"{values[0]:.4f}")
    return tr(
        "{fmean:.4f} ({values:.4f} to {values2:.4f})", fmean=fmean(values), values=min(values), values2=max(values)
    )
