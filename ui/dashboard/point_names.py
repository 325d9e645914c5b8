"""The names of a plot's points, put where none lies over another."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor

from ui.dashboard.label_places import Box, label_places
from ui.dashboard.plot import Plot

PAD = 4
"""Empty pixels above and below a text."""


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
        while len(self.items) < len(names):
            self.items.append(pyqtgraph.TextItem(anchor=(0, 0)))
            self._plot.addItem(self.items[-1], ignoreBounds=True)
        for item in self.items[len(names) :]:
            item.setVisible(False)
        box, sizes, places = self._plot.box, [], []
        for item, (text, point, colour) in zip(self.items, names, strict=False):
            item.setText(text, QColor(colour))
            bounds = item.textItem.boundingRect()
            sizes.append((bounds.width(), bounds.height() - PAD))
            place = box.mapViewToScene(point)
            places.append((place.x(), place.y()))
        room = box.sceneBoundingRect()
        within = Box(room.x(), room.y(), room.width(), room.height())
        found = label_places(places, sizes, within, self._point_pixels)
        for item, corner in zip(self.items, found, strict=False):
            item.setVisible(corner is not None)
            if corner is not None:
                item.setPos(box.mapSceneToView(QPointF(corner[0], corner[1] - PAD / 2)))
