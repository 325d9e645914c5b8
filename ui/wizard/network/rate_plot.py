"""The losses over the learning rates that a search tried; a click picks a rate."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pyqtgraph
from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QColor

from engine.contract.rate_curve import RateSuggestion, TriedRate
from engine.language.speech import number_text, tr
from ui.dashboard.plot import Plot, PlotTable
from ui.theme import Theme

MIN_HEIGHT = 180
LINE_WIDTH = 2
RANGE_OPACITY, LINE_OPACITY = 40, 130
"""Of 255."""
SHOWN_ABOVE_START = 1.5
"""How far above the first loss the axis reaches, in units of the descent below it: beyond, only the rise is seen."""
SHOWN_BELOW_LOWEST = 0.3
"""In the same units, for what the smoothed line leaves out."""
MARGIN = 0.05
UPPER, LOWER = 0.95, 0.87
"""Heights of the lines' labels, so that none hides the other."""


class RatePlot(QObject):
    """Its lines are made once and updated as rates are tried; places on its x axis are log10 of rates."""

    picked = Signal(float)
    """A rate that was clicked, with two significant digits."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tried: tuple[TriedRate, ...] = ()
        self.plot = Plot("rate.plot", tr("learning rate"), tr("loss of held-out images (nats)"))
        self.plot.setLogMode(x=True)
        self.plot.setMinimumHeight(MIN_HEIGHT)
        self.plot.described = self._described
        self.plot.tabled = self._table
        self.plot.on_reset = self._fit
        self.plot.paint(theme)
        blue, orange = theme.series[:2]
        self._range = pyqtgraph.LinearRegionItem(movable=False, brush=_pale(theme.good), pen=_pale(theme.good))
        self._range.setZValue(-10)
        self._range.hide()
        self._losses = pyqtgraph.PlotDataItem(pen=pyqtgraph.mkPen(_pale(theme.muted, LINE_OPACITY), width=1))
        self._smoothed = pyqtgraph.PlotDataItem(pen=pyqtgraph.mkPen(blue, width=LINE_WIDTH))
        self._current = _line(theme.muted, LOWER, theme, Qt.PenStyle.DotLine)
        self._chosen = _line(orange, UPPER, theme, Qt.PenStyle.SolidLine)
        for item in (self._range, self._losses, self._smoothed, self._current, self._chosen):
            self.plot.addItem(item, ignoreBounds=item not in (self._losses, self._smoothed))
        self._current.hide()
        self._chosen.hide()
        self.plot.scene().sigMouseClicked.connect(self._on_clicked)

    def points(self) -> int:
        """Rates that are drawn."""
        return len(self._tried)

    @property
    def marked_rate(self) -> float | None:
        """The rate that the line marks; None: none."""
        return 10 ** float(self._chosen.value()) if self._chosen.isVisible() else None

    def show_tried(self, tried: Sequence[TriedRate]) -> None:
        """Draw the rates that were tried so far."""
        self._tried = tuple(tried)
        self.plot.show_values(bool(tried))
        rates = [one.rate for one in tried]
        self._losses.setData(rates, [one.loss for one in tried])
        self._smoothed.setData(rates, [one.smoothed_loss for one in tried])
        if tried and not self.plot.is_zoomed:
            self._fit()

    def show_range(self, suggestion: RateSuggestion) -> None:
        """Shade the rates that are reasonable."""
        self._range.setRegion((math.log10(suggestion.low), math.log10(suggestion.high)))
        self._range.show()

    def show_current(self, rate: float) -> None:
        """Draw a line at the rate that the study has now."""
        # A hidden line's label does not take a text.
        self._current.show()
        self._current.setPos(math.log10(rate))
        self._current.label.setFormat(tr("now {rate:.2g}", rate=rate))

    def mark(self, rate: float | None) -> None:
        """Draw a line at a rate; None: at none."""
        self._chosen.setVisible(rate is not None)
        if rate is not None:
            self._chosen.setPos(math.log10(rate))
            self._chosen.label.setFormat(number_text(f"{rate:g}"))

    def _fit(self) -> None:
        if not self._tried:
            return
        start, values = self._tried[0].smoothed_loss, [one.smoothed_loss for one in self._tried]
        low, high = min(values), max(values)
        least = max(min(one.loss for one in self._tried), low - SHOWN_BELOW_LOWEST * max(start - low, 0.0))
        top = min(high, start + SHOWN_ABOVE_START * (start - low)) if low < start else high
        room = MARGIN * (top - least) or 1.0
        # Room at the top for the labels of the lines.
        self.plot.setYRange(least - room, top + 3 * room, padding=0)
        self.plot.setXRange(math.log10(self._tried[0].rate), max(0.0, math.log10(self._tried[-1].rate)), padding=0.02)

    def _on_clicked(self, event: object) -> None:
        box = self.plot.box
        if not self._tried or event.double() or event.button() is not Qt.MouseButton.LeftButton:  # type: ignore[attr-defined]
            return
        if box.sceneBoundingRect().contains(event.scenePos()):  # type: ignore[attr-defined]
            place = box.mapSceneToView(event.scenePos()).x()  # type: ignore[attr-defined]
            rate = min(max(10**place, self._tried[0].rate), self._tried[-1].rate)
            self.picked.emit(float(f"{rate:.2g}"))

    def _described(self, point: QPointF) -> str:
        if not self._tried:
            return ""
        near = min(self._tried, key=lambda one: abs(math.log10(one.rate) - point.x()))
        return tr(
            "learning rate {rate:.2g}\nloss {loss:.4g}, smoothed {smoothed_loss:.4g}",
            rate=near.rate,
            loss=near.loss,
            smoothed_loss=near.smoothed_loss,
        )

    def _table(self) -> PlotTable:
        header = ("learning_rate", "batch_loss", "loss", "smoothed_loss")
        return PlotTable(header, [(one.rate, one.batch_loss, one.loss, one.smoothed_loss) for one in self._tried])


def _pale(colour: str, opacity: int = RANGE_OPACITY) -> QColor:
    pale = QColor(colour)
    pale.setAlpha(opacity)
    return pale


def _line(colour: str, height: float, theme: Theme, style: Qt.PenStyle) -> pyqtgraph.InfiniteLine:
    """An upright line with a label at a height from 0 to 1."""
    options = {"color": theme.text, "position": height, "fill": theme.panel}
    return pyqtgraph.InfiniteLine(
        angle=90, pen=pyqtgraph.mkPen(colour, width=LINE_WIDTH, style=style), label="", labelOpts=options
    )
