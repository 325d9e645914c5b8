"""Places numbers beside points so that they cover neither points nor each other."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, sin

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

DIRECTIONS = 16
DISTANCES_PT = (8.0, 12.0, 17.0, 23.0)
LETTER_PT = (4.6, 4.2)
"""Half the width and height that a number of one or two digits takes."""
POINT_PT = 4.0


def number_points(figure: Figure, axes: Axes, x: Sequence[float], y: Sequence[float], numbers: Sequence[str]) -> None:
    """Write a number beside each point; with a thin line where it cannot stand close.

    Call it when the limits of the plot are final.
    """
    figure.draw_without_rendering()
    scale = 72 / figure.dpi
    points = axes.transData.transform(np.column_stack((x, y))) * scale
    frame = axes.get_window_extent()
    inside = (frame.x0 * scale, frame.y0 * scale, frame.x1 * scale, frame.y1 * scale)
    taken: list[tuple[float, float]] = []
    for (left, up), number in zip(points, numbers, strict=True):
        best = min(_places(), key=lambda place: _cost(left + place[0], up + place[1], place, points, taken, inside))
        taken.append((left + best[0], up + best[1]))
        far = np.hypot(*best) > DISTANCES_PT[0] + 1
        line = {"arrowstyle": "-", "color": "#9aa2ab", "linewidth": 0.5, "shrinkA": 0, "shrinkB": 2} if far else None
        at = x[len(taken) - 1], y[len(taken) - 1]
        axes.annotate(
            number, at, best, textcoords="offset points", fontsize=6.5, ha="center", va="center", arrowprops=line
        )


def _places() -> list[tuple[float, float]]:
    angles = [2 * pi * place / DIRECTIONS + pi / 4 for place in range(DIRECTIONS)]
    return [(far * cos(angle), far * sin(angle)) for far in DISTANCES_PT for angle in angles]


def _cost(
    left: float,
    up: float,
    place: tuple[float, float],
    points: np.ndarray,
    taken: Sequence[tuple[float, float]],
    inside: tuple[float, float, float, float],
) -> float:
    """How bad a place is: mostly what it covers, then how far it is."""
    width, height = LETTER_PT
    cost = float(np.hypot(*place)) / 10
    near = (np.abs(points[:, 0] - left) < width + POINT_PT) & (np.abs(points[:, 1] - up) < height + POINT_PT)
    cost += 20.0 * int(near.sum())
    cost += 40.0 * sum(abs(one - left) < 2 * width and abs(other - up) < 2 * height for one, other in taken)
    x0, y0, x1, y1 = inside
    outside = left - width < x0 or left + width > x1 or up - height < y0 or up + height > y1
    return cost + 100.0 * outside
