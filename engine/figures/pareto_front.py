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
        float64 (corners, 2), from the best of the first figure to the best of the second. Every second corner is a
        point of the front; the one between two of them is what both are better than in one figure. It begins at the
        worst value of the second figure and ends at that of the first.

    Raises:
        ValueError: as of `pareto_front`.
    """
    front = np.array(sorted(set(map(tuple, points[pareto_front(points, better)].tolist())))).reshape(-1, 2)
    if better[0] is Better.HIGHER:
        front = front[::-1]
    if not len(front):
        return front
    worst = [
        values.max() if way is Better.LOWER else values.min() for values, way in zip(points.T, better, strict=True)
    ]
    corners = np.empty((2 * len(front) + 1, 2))
    corners[1::2] = front
    # From one point to the next the first figure gets worse before the second gets better.
    corners[0::2, 0] = np.append(front[:, 0], worst[0])
    corners[0::2, 1] = np.append(worst[1], front[:, 1])
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
