"""The Pareto front: what nothing else beats in one figure without being worse in another. Pure NumPy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.figures.figure import Better


def pareto_front(values: np.ndarray, better: Sequence[Better]) -> np.ndarray:
    """Which points no other point dominates (Pareto 1896).

    A point dominates another where it is no worse in all figures and better in one; so equal points do not dominate
    each other, and are on the front together or not at all.

    Args:
        values: float64 (points, figures), all finite.
        better: of each figure, which way it is better; not NEITHER.

    Returns:
        bool (points,).

    Raises:
        ValueError: a value is missing, or a figure has no better way.
    """
    costs = _costs(values, better)
    on_front = np.ones(len(costs), dtype=bool)
    for place, cost in enumerate(costs):
        # What is dominated dominates nothing that its own dominator does not.
        rivals = costs[on_front]
        on_front[place] = not np.any(np.all(rivals <= cost, axis=1) & np.any(rivals < cost, axis=1))
    return on_front


def front_line(points: np.ndarray, better: Sequence[Better]) -> np.ndarray:
    """The corners of the step line around what the front of two figures dominates.

    Args:
        points: float64 (points, 2), such as size and accuracy; those that are dominated are left out.
        better: of both.

    Returns:
        float64 (corners, 2), from the best of the first figure to the best of the second. Each second corner is worse
        than the points beside it in one figure each: what lies behind it is dominated by one of them.

    Raises:
        ValueError: as of `pareto_front`.
    """
    front = np.unique(points[pareto_front(points, better)], axis=0)
    if better[0] is Better.HIGHER:
        front = front[::-1]
    corners = np.repeat(front, 2, axis=0)[:-1] if len(front) else front
    # From one point to the next the first figure gets worse before the second gets better.
    corners[1::2, 0] = front[1:, 0]
    return corners


def _costs(values: np.ndarray, better: Sequence[Better]) -> np.ndarray:
    """The values so that less is better in each figure, float64 (points, figures)."""
    if values.ndim != 2 or values.shape[1] != len(better):
        raise ValueError(f"values are {values.shape}, and {len(better)} figures have a better way")
    if Better.NEITHER in better:
        raise ValueError("a figure without a better way has no front")
    if not np.isfinite(values).all():
        raise ValueError("a value is missing; leave its point out")
    return values * np.array([-1.0 if one is Better.HIGHER else 1.0 for one in better])
