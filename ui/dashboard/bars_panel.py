"""Size, zipped size, latency and accuracy as bars, one per variant, growing as variants finish."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QScrollArea, QVBoxLayout, QWidget

from engine.figures.variant_figures import figures
from ui.dashboard.measure_plot import MIN_HEIGHT, MeasurePlot
from ui.theme import Theme

SHOWN = ("size", "zip", "latency", "accuracy")
NARROW_PIXELS = 520
"""Below this width the plots stand one above the other."""


class BarsPanel(QWidget):
    """Four plots, two and two, with the variants from top to bottom; scrolls where they are many."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plots = {
            figure.name: MeasurePlot(figure.name, figure.bar, named=place % 2 == 0)
            for place, figure in enumerate(figures(*SHOWN))
            if figure.bar is not None
        }
        self._columns = 0
        inside = QWidget()
        self._grid = QGridLayout(inside)
        self._grid.setContentsMargins(0, 0, 0, 0)
        for measured in self.plots.values():
            measured.plot.setMinimumHeight(MIN_HEIGHT)
        self._arrange(2)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)
        self.set_theme(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(1 if self.width() < NARROW_PIXELS else 2)

    def _arrange(self, columns: int) -> None:
        """Put the plots side by side in pairs, or one above the other."""
        if columns == self._columns:
            return
        self._columns = columns
        for place, measured in enumerate(self.plots.values()):
            self._grid.addWidget(measured.plot, place // columns, place % columns)
            measured.set_named(place % columns == 0)
        for row in range(len(self.plots)):
            self._grid.setRowStretch(row, 1 if row * columns < len(self.plots) else 0)
        self._grid.setColumnStretch(0, 60)
        self._grid.setColumnStretch(1, 40 if columns > 1 else 0)

    def bars(self) -> int:
        """Variants that are drawn."""
        return self.plots["size"].bars()

    def set_theme(self, theme: Theme) -> None:
        for measured in self.plots.values():
            measured.set_theme(theme)
