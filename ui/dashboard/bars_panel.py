"""Size, zipped size, latency and accuracy as bars, one a variant, growing as variants finish."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyqtgraph
from PySide6.QtWidgets import QGridLayout, QWidget

from engine.contract.measurements import VariantMeasurement
from ui.dashboard.plot_style import styled_plot
from ui.dashboard.run_state import RunState
from ui.theme import Theme

BAR_HEIGHT = 0.66
NAMES_PIXELS = 168
KIB = 1024
LONGEST_NAME = 22


@dataclass(frozen=True)
class _Measure:
    """One plot: what it shows, and the interval that its whiskers span."""

    name: str
    axis: str
    value: Callable[[VariantMeasurement], float]
    interval: Callable[[VariantMeasurement], tuple[float, float]] | None = None
    form: str = "{:,.0f}"


MEASURES = (
    _Measure("size", "file (KiB)", lambda v: v.model_bytes / KIB),
    _Measure("zip", "zipped file (KiB)", lambda v: v.zip_bytes / KIB),
    _Measure(
        "latency",
        "latency p50, whisker to p95 (ms)",
        lambda v: v.latency_p50_ms,
        lambda v: (v.latency_p50_ms, v.latency_p95_ms),
        "{:.2f}",
    ),
    _Measure(
        "accuracy", "test accuracy, 95 % interval (fraction)", lambda v: v.accuracy, lambda v: v.accuracy_ci95, "{:.3f}"
    ),
)


class BarsPanel(QWidget):
    """Four plots with the variants from top to bottom."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: tuple[VariantMeasurement, ...] = ()
        self.plots = {
            measure.name: styled_plot(theme, measure.axis, "", f"dashboard.{measure.name}") for measure in MEASURES
        }
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for place, plot in enumerate(self.plots.values()):
            plot.setMouseEnabled(False, False)
            plot.getAxis("left").setWidth(NAMES_PIXELS if place % 2 == 0 else 20)
            plot.getAxis("left").setStyle(tickLength=0, showValues=place % 2 == 0)
            plot.setLabel("left", "")
            layout.addWidget(plot, place // 2, place % 2)
        layout.setColumnStretch(0, 58)
        layout.setColumnStretch(1, 42)

    def bars(self) -> int:
        """Variants that are drawn."""
        return len(self._shown)

    def show_state(self, state: RunState) -> None:
        """Draw the variants that are measured."""
        variants = tuple(state.variants.values())
        if variants == self._shown:
            return
        self._shown = variants
        for measure in MEASURES:
            self._draw(self.plots[measure.name], measure, variants)

    def _draw(self, plot: pyqtgraph.PlotWidget, measure: _Measure, variants: Sequence[VariantMeasurement]) -> None:
        plot.clear()
        count = len(variants)
        rows = [count - 1 - place for place in range(count)]
        values = [measure.value(variant) for variant in variants]
        colours = [self._theme.series[place % len(self._theme.series)] for place in range(count)]
        plot.addItem(pyqtgraph.BarGraphItem(x0=0, y=rows, height=BAR_HEIGHT, width=values, brushes=colours, pen=None))
        furthest = max(values)
        if measure.interval is not None:
            intervals = [measure.interval(variant) for variant in variants]
            furthest = max(furthest, *(high for _, high in intervals))
            for row, (low, high) in zip(rows, intervals, strict=True):
                plot.plot([low, high], [row, row], pen=pyqtgraph.mkPen(self._theme.text, width=2))
        for row, value, variant in zip(rows, values, variants, strict=True):
            end = max(value, measure.interval(variant)[1]) if measure.interval else value
            text = pyqtgraph.TextItem(measure.form.format(value), color=self._theme.text, anchor=(0, 0.5))
            text.setPos(end + furthest * 0.01, row)
            plot.addItem(text)
        names = [_short(variant.chain) for variant in variants]
        plot.getAxis("left").setTicks([list(zip(rows, names, strict=True))])
        plot.setXRange(0, furthest * 1.35, padding=0)
        plot.setYRange(-0.6, max(count - 0.4, 3), padding=0)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
