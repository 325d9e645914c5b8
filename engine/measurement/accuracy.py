"""Accuracy with its interval, and agreement between two files."""

from __future__ import annotations

import math

import numpy as np

Z_95 = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""


def decisions(probabilities: np.ndarray) -> np.ndarray:
    """The class of each image, int64 (n,).

    Args:
        probabilities: (n, classes), or (n, 1) with the probability of the second class.
    """
    if probabilities.shape[1] == 1:
        return (probabilities[:, 0] >= 0.5).astype(np.int64)
    return probabilities.argmax(axis=1).astype(np.int64)


def share_equal(first: np.ndarray, second: np.ndarray) -> float:
    """Accuracy (decisions against labels) or agreement (decisions against decisions), 0 to 1."""
    return float(np.mean(first == second))


def wilson_interval(right: int, total: int) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson 1927); (0, 1) of nothing."""
    if total == 0:
        return 0.0, 1.0
    share, z2 = right / total, Z_95**2
    centre = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = Z_95 * math.sqrt(share * (1 - share) / total + z2 / (4 * total**2)) / (1 + z2 / total)
    return max(0.0, centre - half), min(1.0, centre + half)
