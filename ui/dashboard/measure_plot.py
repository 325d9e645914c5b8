"""One measure of all variants as horizontal bars, with whiskers where it has an interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyqtgraph
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics

from engine.contract.measurements import VariantMeasurement
from ui.dashboard.plot_style import empty_plot, paint_plot
from ui.dashboard.run_state import RunState
from ui.theme import Theme

BAR_HEIGHT = 0.66
WHISKER_HEIGHT = 0.3
NAMES_PIXELS, MOST_NAMES_PIXELS = 150, 210
NAME_MARGIN = 16
NO_NAMES_PIXELS = 12
LEAST_ROWS = 3
AXIS_PIXELS, ROW_PIXELS = 44, 17
ROOM_FOR_FIGURES = 1.35
KIB, MIB = 1024.0, 1024.0**2


@dataclass(frozen=True)
class Measure:
    """What one plot shows."""

    name: str
    axis: str
    """With its unit; "{unit}" stands for KiB or MiB."""
    value: Callable[[VariantMeasurement], float]
    """Bytes where the axis has a "{unit}"."""
    form: str
    """How a figure is written beside its bar."""
    interval: Callable[[VariantMeasurement], tuple[float, float]] | None = None


class MeasurePlot:
    """Its bars, whiskers and figures are made once and set anew as variants come."""

    def __init__(self, measure: Measure, named: bool) -> None:
        """An empty plot; `named`: whether the variants' names stand at its left."""
        self._measure = measure
        self._named = named
        self._variants: tuple[VariantMeasurement, ...] = ()
        self._theme: Theme | None = None
        self.plot = empty_plot(f"dashboard.{measure.name}", measure.axis.format(unit="KiB"), "")
        self.plot.setMouseEnabled(False, False)
        names = self.plot.getAxis("left")
        names.setWidth(NAMES_PIXELS if named else NO_NAMES_PIXELS)
        names.setStyle(tickLength=0, showValues=named)
        names.setTicks([[]])
        self._bars = pyqtgraph.BarGraphItem(x0=[], y=[], height=BAR_HEIGHT, width=[], pen=None)
        self._whiskers = pyqtgraph.ErrorBarItem(beam=WHISKER_HEIGHT)
        self._figures: list[pyqtgraph.TextItem] = []
        self.plot.addItem(self._bars)
        self.plot.addItem(self._whiskers)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        paint_plot(self.plot, theme)
        self._draw()

    def bars(self) -> int:
        """Variants that are drawn."""
        return len(self._variants)

    def show_state(self, state: RunState) -> None:
        """Draw the variants that are measured, from top to bottom."""
        variants = tuple(state.variants.values())
        if variants != self._variants:
            self._variants = variants
            self.plot.setMinimumHeight(AXIS_PIXELS + ROW_PIXELS * len(variants))
            self._draw()

    def _draw(self) -> None:
        if self._theme is None or not self._variants:
            return
        count = len(self._variants)
        rows = [-float(place) for place in range(count)]
        scale = self._scale()
        values = [self._measure.value(variant) / scale for variant in self._variants]
        brushes = self._colours(self._theme)
        self._bars.setOpts(x0=[0.0] * count, y=rows, height=BAR_HEIGHT, width=values, brushes=brushes)
        ends = self._draw_whiskers(rows, values)
        furthest = max(ends) or 1.0
        self._draw_figures(rows, values, [end + 0.01 * furthest for end in ends])
        if self._named:
            self._name(rows)
        self.plot.setXRange(0, furthest * ROOM_FOR_FIGURES, padding=0)
        self.plot.setYRange(0.4 - max(count, LEAST_ROWS), 0.6, padding=0)

    def _scale(self) -> float:
        """What the values are divided by: 1 but for bytes, which are shown as KiB, or as MiB where all are large."""
        if "{unit}" not in self._measure.axis:
            return 1.0
        large = min(self._measure.value(variant) for variant in self._variants) >= MIB
        self.plot.setLabel("bottom", self._measure.axis.format(unit="MiB" if large else "KiB"))
        return MIB if large else KIB

    def _draw_whiskers(self, rows: list[float], values: list[float]) -> list[float]:
        """Returns where each bar with its whisker ends."""
        if self._measure.interval is None:
            return values
        assert self._theme is not None
        intervals = [self._measure.interval(variant) for variant in self._variants]
        self._whiskers.setData(
            x=np.array(values),
            y=np.array(rows),
            left=np.array([value - low for value, (low, _) in zip(values, intervals, strict=True)]),
            right=np.array([high - value for value, (_, high) in zip(values, intervals, strict=True)]),
            pen=pyqtgraph.mkPen(self._theme.text, width=1.5),
        )
        return [max(value, high) for value, (_, high) in zip(values, intervals, strict=True)]

    def _draw_figures(self, rows: list[float], values: list[float], places: list[float]) -> None:
        assert self._theme is not None
        while len(self._figures) < len(rows):
            self._figures.append(pyqtgraph.TextItem(anchor=(0, 0.5)))
            self.plot.addItem(self._figures[-1])
        for figure, row, value, place in zip(self._figures, rows, values, places, strict=True):
            figure.setText(self._measure.form.format(value), self._theme.text)
            figure.setPos(place, row)

    def _colours(self, theme: Theme) -> list[str]:
        """One a variant; where image settings are compared, one a setting."""
        settings = list(dict.fromkeys(variant.setting for variant in self._variants))
        groups = [settings.index(variant.setting) for variant in self._variants]
        places = groups if len(settings) > 1 else range(len(self._variants))
        return [theme.series[place % len(theme.series)] for place in places]

    def _name(self, rows: list[float]) -> None:
        """Write the variants' names; pyqtgraph leaves out one that is too long for its axis, so that is shortened."""
        metrics = QFontMetrics(self.plot.font())
        longest = max(metrics.horizontalAdvance(variant.name) for variant in self._variants)
        width = max(NAMES_PIXELS, min(longest + NAME_MARGIN, MOST_NAMES_PIXELS))
        elide = Qt.TextElideMode.ElideMiddle
        names = [metrics.elidedText(variant.name, elide, width - NAME_MARGIN) for variant in self._variants]
        axis = self.plot.getAxis("left")
        axis.setWidth(width)
        axis.setTicks([list(zip(rows, names, strict=True))])
