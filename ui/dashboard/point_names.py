"""The names of a plot's points, put where none lies over another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyqtgraph
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from ui.dashboard.label_places import Box, label_places
from ui.dashboard.plot import Plot

PAD = 4
"""Empty pixels above and below a text that a name may share with its neighbour."""
MARGIN = 4
"""Pixels around a text."""


@dataclass(frozen=True)
class ShownName:
    """A name that has found room."""

    text: str
    corner: QPointF
    """Left and top of its text, in the plot's own values, so that it goes with its point until it is placed again."""
    colour: QColor


class PointNames(pyqtgraph.GraphicsObject):
    """They are as large on every scale, so their places follow from pixels, and change with the zoom.

    One item paints them all: an item each takes a millisecond to lay out, and another half to paint.
    """

    def __init__(self, plot: Plot, point_pixels: int) -> None:
        super().__init__()
        self._plot, self._point_pixels = plot, point_pixels
        self._metrics = QFontMetricsF(plot.font())
        self.shown: tuple[ShownName, ...] = ()
        # Not among the plot's items, whose values they do not have, and over them.
        self.setParentItem(plot.box)
        self.setZValue(plot.box.childGroup.zValue() + 1)

    def place(self, names: Sequence[tuple[str, QPointF, str]]) -> None:
        """Write each name beside its point where there is room.

        Args:
            names: text, place in the plot's own values, colour; the most important first.
        """
        self._metrics = metrics = QFontMetricsF(self._plot.font())
        box = self._plot.box
        sizes = [
            (metrics.horizontalAdvance(text) + 2 * MARGIN, metrics.height() + 2 * MARGIN - PAD) for text, *_ in names
        ]
        places = [(there.x(), there.y()) for there in (box.mapFromView(point) for _, point, _ in names)]
        room = box.rect()
        found = label_places(places, sizes, Box(room.x(), room.y(), room.width(), room.height()), self._point_pixels)
        self.shown = tuple(
            ShownName(text, box.mapToView(QPointF(corner[0] + MARGIN, corner[1] + MARGIN - PAD / 2)), QColor(colour))
            for (text, _, colour), corner in zip(names, found, strict=True)
            if corner is not None
        )
        self.update()

    def boundingRect(self) -> QRectF:
        return self._plot.box.rect()

    def shape(self) -> QPainterPath:
        # The pointer goes through to the points.
        return QPainterPath()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setFont(self._plot.font())
        down = QPointF(0, self._metrics.ascent())
        for name in self.shown:
            painter.setPen(name.colour)
            painter.drawText(self._plot.box.mapFromView(name.corner) + down, name.text)
