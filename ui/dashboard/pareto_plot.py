"""The files of a run as points of two figures, with their intervals, the Pareto front and the floor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from math import log10

import numpy as np
import pyqtgraph
from PySide6.QtCore import QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QToolTip

from engine.advice.standing import Standing
from engine.figures.figure import Figure, Interval
from engine.figures.pareto_front import front_line
from engine.language.speech import number_text, tr
from ui.dashboard.pareto_points import ParetoPoint, spans_orders
from ui.dashboard.plot import Plot, PlotTable
from ui.dashboard.point_names import PointNames
from ui.figure_names import one_line
from ui.theme import LIGHT, Theme

BEHIND = (Standing.DOMINATED, Standing.DIVERGED)
POINT_PIXELS, CURRENT_PIXELS = 11, 19
PALE = 90
"""Of 255: how much is seen of what another file is really better than."""
WHISKER = 120
"""Of 255: intervals stand behind the points."""
MARGIN = 0.09
NEAR_PIXELS = 12
MOST_DECADES = 3
"""Over more, a logarithmic scale names whole powers of ten only."""


class ParetoPlot(Plot):
    """A click on a point, or Enter on the one that the arrow keys have reached, names its file."""

    chosen = Signal(str)
    """The variant's name."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "", "")
        self._points: tuple[ParetoPoint, ...] = ()
        self._figures: tuple[Figure, Figure] | None = None
        self._logs = (False, False)
        self._floors: tuple[float | None, float | None] = (None, None)
        self._theme = LIGHT
        self._current = -1
        self.names = PointNames(self, POINT_PIXELS)
        self._front = pyqtgraph.PlotDataItem()
        self._lines = (pyqtgraph.InfiniteLine(angle=90), pyqtgraph.InfiniteLine(angle=0))
        self._whiskers = {standing: pyqtgraph.PlotDataItem(connect="pairs") for standing in Standing}
        self._dots = pyqtgraph.ScatterPlotItem(size=POINT_PIXELS)
        self._ring = pyqtgraph.ScatterPlotItem(size=CURRENT_PIXELS)
        for item in (*self._lines, self._front, *self._whiskers.values(), self._dots, self._ring):
            self.addItem(item)
        self._dots.sigClicked.connect(self._on_clicked)
        self.described, self.tabled = self._describe, self._table
        self.on_reset = self._fit
        self._naming = QTimer(self, singleShot=True, interval=0)
        self._naming.timeout.connect(self._place_names)
        self.box.sigRangeChanged.connect(lambda *_: self._naming.start())

    @property
    def points(self) -> tuple[ParetoPoint, ...]:
        """What is drawn."""
        return self._points

    def show_points(
        self,
        points: tuple[ParetoPoint, ...],
        x: Figure,
        y: Figure,
        logarithmic: bool,
        floors: tuple[float | None, float | None],
    ) -> None:
        """
        Args:
            logarithmic: of each axis whose values span more than ten times.
            floors: of x and y, in their units; None: no line.
        """
        self._points, self._figures, self._floors = points, (x, y), floors
        values = ([point.x for point in points], [point.y for point in points])
        self._logs = tuple(logarithmic and spans_orders(axis) for axis in values)  # type: ignore[assignment]
        self._current = -1
        for side, figure, log in zip(("bottom", "left"), (x, y), self._logs, strict=True):
            self.setLabel(side, one_line(figure))
            self.getAxis(side).setTicks(_power_ticks(values[side == "left"]) if log else None)
        self.setAccessibleName(
            tr(
                "{line} over {line2}; arrow keys go from file to file, Enter shows its row",
                line=one_line(y),
                line2=one_line(x),
            )
        )
        self.show_values(bool(points))
        self._draw()

    def paint(self, theme: Theme) -> None:
        super().paint(theme)
        self._theme = theme
        self._draw()

    def _draw(self) -> None:
        theme = self._theme
        colours = {standing: theme.muted if standing in BEHIND else theme.accent for standing in Standing}
        pale = {standing: _faded(colour, standing) for standing, colour in colours.items()}
        # What is on the front is drawn last, over what lies at the same place.
        last_first = self._points[::-1]
        # Points that share a pen and a brush share a picture, which is drawn once.
        pens = {standing: pyqtgraph.mkPen(colour, width=2) for standing, colour in pale.items()}
        brushes = {standing: pyqtgraph.mkBrush(colour) for standing, colour in pale.items()}
        brushes[Standing.OPEN] = pyqtgraph.mkBrush(theme.panel)
        self._dots.setData(
            pos=[self._at(point.x, point.y) for point in last_first],
            data=list(range(len(self._points)))[::-1],
            brush=[brushes[one.standing] for one in last_first],
            pen=[pens[one.standing] for one in last_first],
        )
        for standing, item in self._whiskers.items():
            ends = [end for point in self._points if point.standing is standing for end in self._ends(point)]
            colour = QColor(pale[standing])
            colour.setAlpha(min(colour.alpha(), WHISKER))
            item.setData(np.array(ends).reshape(-1, 2), pen=pyqtgraph.mkPen(colour, width=1.5))
        corners = np.array(self._fronts()).reshape(-1, 2)
        self._front.setData(corners, connect="finite", pen=pyqtgraph.mkPen(theme.accent, width=1.5))
        for axis, (line, floor) in enumerate(zip(self._lines, self._floors, strict=True)):
            line.setVisible(floor is not None and bool(self._points))
            line.setPen(pyqtgraph.mkPen(theme.warning, width=1.5, style=Qt.PenStyle.DashLine))
            if floor is not None:
                line.setValue(self._at(floor, floor)[axis])
        self._mark()
        if not self.is_zoomed:
            self._fit()
        self._naming.start()

    def _fit(self) -> None:
        """Show all points with their intervals, and the floor."""
        if not self._points:
            return
        seen = [self._at(point.x, point.y) for point in self._points]
        seen += [end for point in self._points for end in self._ends(point)]
        axes = zip(zip(*seen, strict=True), self._floors, (self.setXRange, self.setYRange), strict=True)
        for axis, (found, floor, set_range) in enumerate(axes):
            values = found if floor is None else (*found, self._at(floor, floor)[axis])
            spread = (max(values) - min(values)) or abs(values[0]) * MARGIN or 1.0
            set_range(min(values) - MARGIN * spread, max(values) + MARGIN * spread, padding=0)

    def _fronts(self) -> list[tuple[float, float]]:
        """The corners of each group's front, with a gap, which is not a number, after each."""
        corners: list[tuple[float, float]] = []
        for group in sorted({point.group for point in self._points}) if self._figures else ():
            sound = (point for point in self._points if point.standing is not Standing.DIVERGED)
            values = np.array([(point.x, point.y) for point in sound if point.group == group]).reshape(-1, 2)
            better = [one.better for one in self._figures or ()]
            corners += [self._at(*corner) for corner in front_line(values, better)]
            corners.append((math.nan, math.nan))
        return corners

    def _at(self, x: float, y: float) -> tuple[float, float]:
        """In the plot's own values, which are powers of ten on a logarithmic scale."""
        return log10(x) if self._logs[0] else x, log10(y) if self._logs[1] else y

    def _ends(self, point: ParetoPoint) -> list[tuple[float, float]]:
        """Both ends of each whisker."""
        ends = [(end, point.y) for end in self._whisker(point.x_interval, 0)]
        return [self._at(*end) for end in (*ends, *((point.x, end) for end in self._whisker(point.y_interval, 1)))]

    def _whisker(self, interval: Interval | None, axis: int) -> Interval | tuple[()]:
        if interval is None or (self._logs[axis] and interval[0] <= 0):
            return ()
        return interval

    def _place_names(self) -> None:
        colours = dict.fromkeys(BEHIND, self._theme.muted)
        self.names.place(
            [
                (one.name, QPointF(*self._at(one.x, one.y)), colours.get(one.standing, self._theme.text))
                for one in self._points
            ]
        )

    def _nearest(self, point: QPointF) -> ParetoPoint | None:
        """To a place in the plot's own values; None where there is none beside it."""
        here = self.box.mapViewToScene(point)
        away = []
        for one in self._points:
            there = self.box.mapViewToScene(QPointF(*self._at(one.x, one.y)))
            away.append(np.hypot(there.x() - here.x(), there.y() - here.y()))
        if not away or min(away) > NEAR_PIXELS:
            return None
        return self._points[int(np.argmin(away))]

    def _describe(self, point: QPointF) -> str:
        near = self._nearest(point)
        return near.tip if near else ""

    def _table(self) -> PlotTable:
        if self._figures is None:
            return PlotTable(("variant",), [])
        names = [figure.name for figure in self._figures]
        header = ["variant", *(part for name in names for part in (name, f"{name}_low", f"{name}_high")), "standing"]
        rows = []
        for one in self._points:
            x_ends, y_ends = one.x_interval or ("", ""), one.y_interval or ("", "")
            rows.append((one.name, one.x, *x_ends, one.y, *y_ends, str(one.standing)))
        return PlotTable(tuple(header), rows)

    def _mark(self) -> None:
        """Ring the point that the arrow keys have reached."""
        there = self._points[self._current] if 0 <= self._current < len(self._points) and self.hasFocus() else None
        pen = pyqtgraph.mkPen(self._theme.text, width=2)
        self._ring.setData(pos=[self._at(there.x, there.y)] if there else [], brush=None, pen=pen)
        self.setAccessibleDescription(there.tip if there else "")

    def _on_clicked(self, _: object, points: list[pyqtgraph.SpotItem]) -> None:
        if len(points):
            self.chosen.emit(self._points[int(points[0].data())].file)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1}
        if event.key() in steps and self._points:
            order = sorted(range(len(self._points)), key=lambda place: (self._points[place].x, self._points[place].y))
            before = (
                order.index(self._current) if self._current in order else -1 if event.key() == Qt.Key.Key_Right else 0
            )
            self._current = order[(before + steps[Qt.Key(event.key())]) % len(order)]
            self._mark()
            point = self._points[self._current]
            place = self.mapFromScene(self.box.mapViewToScene(QPointF(*self._at(point.x, point.y))))
            QToolTip.showText(self.mapToGlobal(place), point.tip, self)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and 0 <= self._current < len(self._points):
            self.chosen.emit(self._points[self._current].file)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._mark()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._mark()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_naming"):
            self._naming.start()


def _power_ticks(values: Sequence[float]) -> list[list[tuple[float, str]]]:
    """1, 2, 5, 10 and so on, where the logarithms of the values lie."""
    first, last = math.floor(log10(min(values))), math.ceil(log10(max(values)))
    steps = (1, 2, 5) if last - first <= MOST_DECADES else (1,)
    marks = [step * 10.0**power for power in range(first - 1, last + 1) for step in steps]
    return [[(log10(mark), number_text(f"{mark:,.10g}")) for mark in marks]]


def _faded(colour: str, standing: Standing) -> QColor:
    faded = QColor(colour)
    if standing in BEHIND:
        faded.setAlpha(PALE)
    return faded
