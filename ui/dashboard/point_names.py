"""The names of a plot's points, put where none lies over another."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QFontMetricsF

from ui.dashboard.label_places import Box, label_places
from ui.dashboard.plot import Plot

PAD = 4
"""Empty pixels above and below a text."""
MARGIN = 4
"""Pixels around the text of a `QTextDocument`."""


class PointNames:
    """They are as large on every scale, so their places follow from pixels, and change with the zoom."""

    def __init__(self, plot: Plot, point_pixels: int) -> None:
        self._plot, self._point_pixels = plot, point_pixels
        self.items: list[pyqtgraph.TextItem] = []

    def place(self, names: Sequence[tuple[str, QPointF, str]]) -> None:
        """Write each name beside its point where there is room.

        Args:
            names: text, place in the plot's own values, colour; the most important first.
        """
        metrics = QFontMetricsF(self._plot.font())
        box = self._plot.box
        sizes = [
            (metrics.horizontalAdvance(text) + 2 * MARGIN, metrics.height() + 2 * MARGIN - PAD) for text, *_ in names
        ]
        places = [(there.x(), there.y()) for there in (box.mapViewToScene(point) for _, point, _ in names)]
        room = box.sceneBoundingRect()
        within = Box(room.x(), room.y(), room.width(), room.height())
        found = label_places(places, sizes, within, self._point_pixels)
        shown = [(name, corner) for name, corner in zip(names, found, strict=True) if corner is not None]
        # Laying out a text takes a millisecond, so only those with room are made.
        while len(self.items) < len(shown):
            self.items.append(pyqtgraph.TextItem(anchor=(0, 0)))
            self.items[-1].setFont(self._plot.font())
            self._plot.addItem(self.items[-1], ignoreBounds=True)
        for item in self.items[len(shown) :]:
            item.setVisible(False)
        for item, ((text, _, colour), (left, top)) in zip(self.items, shown, strict=False):
            item.setText(text, QColor(colour))
            item.setPos(box.mapSceneToView(QPointF(left, top - PAD / 2)))
            item.setVisible(True)
