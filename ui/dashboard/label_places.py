"""Where names go beside the points of a plot, so that none lies over another or over a point. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Place = tuple[float, float]
"""Pixels from the left and the top."""
DIRECTIONS = ((1, -1), (1, 0), (1, 1), (-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1))
"""Above the line that goes from a point to the right, first."""
DISTANCES = (1.0, 2.5, 4.0)
"""Of a name to its point, in sizes of a point."""


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
    half = point_size / 2
    taken = [Box(x - half, y - half, point_size, point_size) for x, y in points]
    places: list[Place | None] = []
    for (x, y), (width, height) in zip(points, sizes, strict=True):
        reach = DISTANCES[-1] * point_size
        around = Box(x - width - reach, y - height - reach, 2 * (width + reach), 2 * (height + reach))
        near = [box for box in taken if box.overlaps(around)]
        candidates = (
            _beside(x, y, width, height, right, down, distance * point_size)
            for distance in DISTANCES
            for right, down in DIRECTIONS
        )
        found = next((box for box in candidates if box.is_within(room) and not any(map(box.overlaps, near))), None)
        places.append((found.left, found.top) if found else None)
        if found:
            taken.append(found)
    return places


def _beside(x: float, y: float, width: float, height: float, right: int, down: int, away: float) -> Box:
    left = x + right * away - (0 if right > 0 else width if right < 0 else width / 2)
    return Box(left, y + down * (away / 2 + height / 2) - height / 2, width, height)
