"""The axis above the curves: which stage trained in which epochs, outside of the data."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase, QFontMetrics

from ui.dashboard.plot import PlotAxis

POINTS = 8
AXIS_HEIGHT = 18
MARGIN = 8


class StageAxis(PlotAxis):
    """Writes a stage's name over its epochs, as much of it as fits; where nothing does, its number."""

    def __init__(self) -> None:
        super().__init__("top")
        self._font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
        self._font.setPointSize(POINTS)
        self._stages: Sequence[tuple[str, float, float]] = ()
        self.setStyle(tickLength=0, tickFont=self._font)
        self.setHeight(AXIS_HEIGHT)

    def show_stages(self, stages: Sequence[tuple[str, float, float]]) -> None:
        """(name, where its epochs begin, where they end) of each stage that trains."""
        self._stages = stages
        self._write()

    def linkedViewChanged(self, view: object, newRange: object = None) -> None:
        super().linkedViewChanged(view, newRange)
        self._write()

    def _write(self) -> None:
        low, high = self.range
        width = self.size().width()
        metrics = QFontMetrics(self._font)
        ticks = []
        for number, (name, begin, end) in enumerate(self._stages, start=1):
            seen = min(end, high) - max(begin, low)
            if seen <= 0:
                continue
            room = seen / ((high - low) or 1.0) * width - MARGIN
            text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(room))
            if len(text) < min(len(name), 4):
                text = str(number)
            ticks.append(((max(begin, low) + min(end, high)) / 2, text))
        self.setTicks([ticks])
