"""One measure of all variants as horizontal bars, with whiskers where it has an interval."""

from __future__ import annotations

import numpy as np
import pyqtgraph
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFontMetrics

from engine.contract.measurements import VariantMeasurement
from engine.figures.figure import Bar
from engine.figures.figure_text import figure_text
from engine.language.speech import number_text, tr
from ui.dashboard.bar_rows import BarRow, bar_rows
from ui.dashboard.plot import Plot, PlotTable
from ui.shown_run import ShownRun
from ui.theme import Theme

BAR_HEIGHT = 0.66
WHISKER_HEIGHT = 0.3
NAMES_PIXELS, MAX_NAMES_PIXELS = 150, 210
NAME_MARGIN = 16
NO_NAMES_PIXELS = 12
MIN_ROWS = 3
MIN_HEIGHT = 130
AXIS_PIXELS, ROW_PIXELS = 44, 17
ROOM_FOR_FIGURES = 1.35


class MeasurePlot:
    """Its bars, whiskers and figures are made once and updated as variants come."""

    def __init__(self, name: str, bar: Bar, named: bool, widest_names: int = MAX_NAMES_PIXELS) -> None:
        """An empty plot; `named`: whether the variants' names stand at its left, no wider than `widest_names`."""
        self._widest_names = widest_names
        self._key, self._declared = name, bar
        self._named = named
        self._variants: tuple[VariantMeasurement, ...] = ()
        self._rows: tuple[BarRow, ...] = ()
        self._theme: Theme | None = None
        self.plot = Plot(f"dashboard.{name}", _axis(bar, bar.units[0][0], False), "", scrolls=True)
        self.plot.setMouseEnabled(True, False)
        self.plot.described = self._described
        self.plot.tabled = self._table
        self.plot.on_reset = self._draw
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
        self.plot.paint(theme)
        self._draw()

    def set_named(self, named: bool) -> None:
        """Whether the variants' names stand at its left."""
        if named != self._named:
            self._named = named
            axis = self.plot.getAxis("left")
            axis.setWidth(NAMES_PIXELS if named else NO_NAMES_PIXELS)
            axis.setStyle(showValues=named)
            self._draw()

    def bars(self) -> int:
        """How many are drawn."""
        return len(self._rows)

    def show_state(self, state: ShownRun) -> None:
        """Draw the variants that are measured, from top to bottom."""
        variants = tuple(state.variants.values())
        if variants != self._variants:
            self._variants = variants
            self.show_rows(bar_rows(self._declared, variants))

    def show_rows(self, rows: tuple[BarRow, ...]) -> None:
        """Draw these bars, from top to bottom."""
        self._rows = rows
        self.plot.show_values(bool(rows))
        self.plot.getAxis("left").setStyle(showValues=self._named)
        self.plot.setMinimumHeight(max(MIN_HEIGHT, AXIS_PIXELS + ROW_PIXELS * len(rows)))
        self._draw()

    def _draw(self) -> None:
        if self._theme is None or not self._rows:
            return
        count = len(self._rows)
        rows = [-float(place) for place in range(count)]
        scale = self._scale()
        values = [row.value / scale for row in self._rows]
        brushes = self._colours(self._theme)
        self._bars.setOpts(x0=[0.0] * count, y=rows, height=BAR_HEIGHT, width=values, brushes=brushes)
        ends = self._draw_whiskers(rows, values)
        furthest = max(ends) or 1.0
        self._draw_figures(rows, values, [end + 0.01 * furthest for end in ends])
        if self._named:
            self._name(rows)
        if not self.plot.is_zoomed:
            self.plot.setXRange(0, furthest * ROOM_FOR_FIGURES, padding=0)
        self.plot.setYRange(0.4 - max(count, MIN_ROWS), 0.6, padding=0)

    def _scale(self) -> float:
        """What the values are divided by; the axis is named with the unit."""
        smallest = min(row.value for row in self._rows)
        fitting = [one for one in self._declared.units if smallest >= one[1]]
        unit, scale = fitting[-1] if fitting else self._declared.units[0]
        means = any(row.repeats > 1 for row in self._rows)
        self.plot.setLabel("bottom", _axis(self._declared, unit, means))
        return scale

    def _draw_whiskers(self, rows: list[float], values: list[float]) -> list[float]:
        """Returns where each bar with its whisker ends."""
        if all(row.whisker is None for row in self._rows):
            return values
        assert self._theme is not None
        scale = self._scale()
        ends = [row.whisker or (row.value, row.value) for row in self._rows]
        intervals = [(low / scale, high / scale) for low, high in ends]
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
            figure.setText(number_text(figure_text(value)), self._theme.text)
            figure.setPos(place, row)

    def _described(self, point: QPointF) -> str:
        row = round(-point.y())
        if not 0 <= row < len(self._rows):
            return ""
        bar, scale = self._rows[row], self._scale()
        text = f"{bar.name}\n{self.plot.getAxis('bottom').labelText}: {number_text(figure_text(bar.value / scale))}"
        if bar.whisker is not None:
            low, high = bar.whisker
            text += tr(
                " ({figure_text} to {figure_text2})",
                figure_text=number_text(figure_text(low / scale)),
                figure_text2=number_text(figure_text(high / scale)),
            )
        if bar.repeats > 1:
            text += tr("\nmean and range of {repeats} repetitions", repeats=bar.repeats)
        return text

    def _table(self) -> PlotTable:
        rows: list[tuple[str | float, ...]] = []
        for variant in self._variants:
            interval = self._declared.whisker(variant) if self._declared.whisker else ()
            rows.append((variant.name, self._declared.raw(variant), *interval))
        if not self._variants:
            rows = [(row.name, row.value, *(row.whisker or ())) for row in self._rows]
        key = self._key
        header = ("variant", key, f"{key}_low", f"{key}_high") if self._declared.whisker else ("variant", key)
        return PlotTable(header, rows)

    def _colours(self, theme: Theme) -> list[str]:
        """One per bar; where image settings are compared, one per setting."""
        settings = list(dict.fromkeys(row.setting for row in self._rows))
        groups = [settings.index(row.setting) for row in self._rows]
        places = groups if len(settings) > 1 else range(len(self._rows))
        return [theme.series[place % len(theme.series)] for place in places]

    def _name(self, rows: list[float]) -> None:
        """Write the variants' names; pyqtgraph leaves out one that is too long for its axis, so that is shortened."""
        metrics = QFontMetrics(self.plot.font())
        longest = max(metrics.horizontalAdvance(row.name) for row in self._rows)
        width = max(NAMES_PIXELS, min(longest + NAME_MARGIN, self._widest_names))
        elide = Qt.TextElideMode.ElideMiddle
        names = [metrics.elidedText(row.name, elide, width - NAME_MARGIN) for row in self._rows]
        axis = self.plot.getAxis("left")
        axis.setWidth(width)
        axis.setTicks([list(zip(rows, names, strict=True))])


def _axis(bar: Bar, unit: str, means: bool) -> str:
    """What the axis of the bars is called; where a bar is the mean of repetitions, its whisker is their range."""
    if not means:
        return tr(bar.axis, unit=tr(unit))
    return tr("{figure}, mean and range ({unit})", figure=tr(bar.called), unit=tr(unit))
