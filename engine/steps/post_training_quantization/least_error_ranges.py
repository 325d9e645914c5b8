"""The range of an activation whose integers have the least mean square error, from a histogram of its values."""

from __future__ import annotations

import numpy as np

CANDIDATES = 128
"""Ends that are tried on either side of zero, evenly spaced up to the minimum and the maximum."""


def least_error_range(minimum: float, maximum: float, counts: np.ndarray, bits: int) -> tuple[float, float]:
    """Where integers of `bits` bits should begin and end.

    A value between the ends is rounded, which costs a twelfth of a squared step in the mean; one beyond is clipped,
    which costs its squared distance to the end (as Sakr et al. 2022 have it, equation 5, for weights). The range takes
    in zero, as every integer tensor does.

    Args:
        counts: int64 (bins,), values in each of the equal bins from `minimum` to `maximum`.
    """
    lowest, highest = min(minimum, 0.0), max(maximum, 0.0)
    edges = np.linspace(minimum, maximum, len(counts) + 1)
    values = (edges[:-1] + edges[1:]) / 2
    shares = np.arange(1, CANDIDATES + 1) / CANDIDATES
    begins = shares * lowest if lowest < 0 else np.zeros(1)
    ends = shares * highest if highest > 0 else np.zeros(1)
    below, cost_below = _clipped(-values[::-1], counts[::-1], -begins)
    above, cost_above = _clipped(values, counts, ends)
    within = counts.sum() - below[:, None] - above[None, :]
    steps = (ends[None, :] - begins[:, None]) / (2**bits - 1)
    cost = within * steps**2 / 12 + cost_below[:, None] + cost_above[None, :]
    # Of equal ones the widest, so that where nothing is gained nothing is clipped.
    first, last = np.argwhere(cost <= cost.min())[-1]
    return float(begins[first]), float(ends[last])


def _clipped(values: np.ndarray, counts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How many values lie beyond each end, and the sum of their squared distances to it; values are sorted."""
    many = counts.astype(np.float64)
    sums = [np.append(np.cumsum((many * values**power)[::-1])[::-1], 0.0) for power in (0, 1, 2)]
    count, total, squares = (one[np.searchsorted(values, ends, side="right")] for one in sums)
    return count, np.maximum(squares - 2 * ends * total + ends**2 * count, 0.0)
