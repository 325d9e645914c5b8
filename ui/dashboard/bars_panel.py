"""Size, zipped size, latency and accuracy as bars, one a variant, growing as variants finish."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QScrollArea, QVBoxLayout, QWidget

from ui.dashboard.measure_plot import Measure, MeasurePlot
from ui.theme import Theme

MEASURES = (
    Measure("size", "file ({unit})", lambda v: v.model_bytes, "{:,.1f}"),
    Measure("zip", "zipped file ({unit})", lambda v: v.zip_bytes, "{:,.1f}"),
    Measure(
        "latency",
        "latency p50, whisker to p95 (ms)",
        lambda v: v.latency_p50_ms,
        "{:.2f}",
        lambda v: (v.latency_p50_ms, v.latency_p95_ms),
    ),
    Measure("accuracy", "test accuracy, 95 % CI (fraction)", lambda v: v.accuracy, "{:.3f}", lambda v: v.accuracy_ci95),
)


class BarsPanel(QWidget):
    """Four plots, two and two, with the variants from top to bottom; scrolls where they are many."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plots = {
            measure.name: MeasurePlot(measure, named=place % 2 == 0) for place, measure in enumerate(MEASURES)
        }
        inside = QWidget()
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, 0, 0)
        for place, measured in enumerate(self.plots.values()):
            grid.addWidget(measured.plot, place // 2, place % 2)
        for row in range(2):
            grid.setRowStretch(row, 1)
        grid.setColumnStretch(0, 60)
        grid.setColumnStretch(1, 40)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)
        self.set_theme(theme)

    def bars(self) -> int:
        """Variants that are drawn."""
        return self.plots["size"].bars()

    def set_theme(self, theme: Theme) -> None:
        for measured in self.plots.values():
            measured.set_theme(theme)
