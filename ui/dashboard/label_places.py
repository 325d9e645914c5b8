"""Where names go beside the points of a plot, so that none lies over another or over a point. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Place = tuple[float, float]
"""Pixels from the left and the top."""
DIRECTIONS = ((1, -1), (1, 0), (1, 1), (-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1))
"""Above the line that goes from a point to the right, first."""
DISTANCES = (1.0, 2.5, 4.0)
"""Of a name to its point, in sizes of a point."""
RIGHT, DOWN = (np.tile(axis, len(DISTANCES)) for axis in zip(*DIRECTIONS, strict=True))
AWAY = np.repeat(DISTANCES, len(DIRECTIONS))
"""Direction and distance of each place that is tried, in their order."""
WIDTHS_LEFT = (1 - RIGHT) / 2
"""So many widths of itself a name begins left of where its point leads."""


@dataclass(frozen=True)
class Box:
    """In pixels."""

    left: float
    top: float
    width: float
    height: float

    def overlaps(self, other: Box) -> bool:
        # The first answer that is no ends it: this is asked thousands of times.
        return (
            self.left < other.left + other.width
            and other.left < self.left + self.width
            and self.top < other.top + other.height
            and other.top < self.top + self.height
        )

    def is_within(self, other: Box) -> bool:
        return (
            self.left >= other.left
            and self.top >= other.top
            and self.left + self.width <= other.left + other.width
            and self.top + self.height <= other.top + other.height
        )


def label_places(points: Sequence[Place], sizes: Sequence[Place], room: Box, point_size: float) -> list[Place | None]:
    """The left upper corner of each point's name; None where there is no room for it.

    Args:
        points: the most important first: they choose first.
        sizes: width and height of the names.
        room: names stay within.
        point_size: width of a point.
    """
    half, most = point_size / 2, len(points)
    # All boxes in the way, as left, top, right and bottom: the points, and behind them the names as they find a place.
    taken = np.empty((4, 2 * most))
    across, down = np.array(points, dtype=float).reshape(-1, 2).T
    taken[:, :most] = across - half, down - half, across + half, down + half
    count = most
    places: list[Place | None] = []
    for (x, y), (width, height) in zip(points, sizes, strict=True):
        lefts = x + RIGHT * point_size * AWAY - WIDTHS_LEFT * width
        tops = y + DOWN * (point_size * AWAY + height) / 2 - height / 2
        within = (lefts >= room.left) & (tops >= room.top)
        within &= (lefts + width <= room.left + room.width) & (tops + height <= room.top + room.height)
        left, top, right, bottom = taken[:, :count]
        crossed = (lefts[:, None] < right) & (left < (lefts + width)[:, None])
        crossed &= (tops[:, None] < bottom) & (top < (tops + height)[:, None])
        free = np.flatnonzero(within & ~crossed.any(axis=1))
        if not len(free):
            places.append(None)
            continue
        found = float(lefts[free[0]]), float(tops[free[0]])
        taken[:, count] = *found, found[0] + width, found[1] + height
        count += 1
        places.append(found)
    return places
