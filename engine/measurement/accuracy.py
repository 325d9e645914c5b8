"""Accuracy with its interval, and agreement between two files."""

from __future__ import annotations

import math

import numpy as np

Z_95 = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""


def both_classes(output: np.ndarray) -> np.ndarray:
    """Outputs (n, classes or 1) as one probability per class, float32 (n, classes)."""
    values = output.astype(np.float32, copy=False)
    # A sigmoid's one value is the probability of the second class.
    return values if values.shape[1] > 1 else np.concatenate([1 - values, values], axis=1)


def predicted(output: np.ndarray) -> np.ndarray:
    """The class of each image, int64 (n,).

    Args:
        output: (n, classes), or (n, 1) with the probability of the second class, which is predicted from 0.5 on.
    """
    if output.shape[1] == 1:
        return (output[:, 0] >= 0.5).astype(np.int64)
    return output.argmax(axis=1).astype(np.int64)


def share_equal(first: np.ndarray, second: np.ndarray) -> float:
    """Accuracy (predictions against labels) or agreement (predictions against predictions), 0 to 1."""
    return float(np.mean(first == second))


def wilson_interval(right: int, total: int) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson 1927); (0, 1) of nothing."""
    if total == 0:
        return 0.0, 1.0
    share, z2 = right / total, Z_95**2
    centre = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = Z_95 * math.sqrt(share * (1 - share) / total + z2 / (4 * total**2)) / (1 + z2 / total)
    return max(0.0, centre - half), min(1.0, centre + half)
