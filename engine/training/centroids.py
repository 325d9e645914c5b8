"""The centroids of a clustered kernel: where they start, and which weight belongs to which.

Weight sharing by k-means as in Han et al. 2016 (Deep Compression, arXiv:1510.00149, section 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Initialisation = Literal["linear", "random", "density", "kmeans++"]

SAMPLED_VALUES = 65_536
"""k-means++ draws its centroids from that many values at most: the next centroid depends on all distances so far."""


@dataclass(frozen=True)
class Centroids:
    """How the few values that stand for many are found: a start, then Lloyd's rounds of k-means.

    linear: evenly spaced from the minimum to the maximum; random: drawn evenly between them; density: at even
    steps of the values' cumulative distribution; kmeans++: drawn from the values, far ones more likely (Arthur and
    Vassilvitskii 2007).
    """

    count: int
    """At most; at least 1."""
    start: Initialisation
    kmeans_rounds: int = 20

    def of(self, values: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """At most `count` values that stand for all `values`.

        Args:
            values: float32, any shape, at least one value.

        Returns:
            float32, ascending, distinct, and after a round of k-means each of them nearest to at least one value.
        """
        flat = values.ravel().astype(np.float32, copy=False)
        distinct = np.unique(flat)
        if len(distinct) <= self.count:
            return distinct
        centroids = np.unique(_start(flat, self.count, self.start, generator).astype(np.float32))
        for _ in range(self.kmeans_rounds):
            moved = _means(flat, nearest(flat, centroids), len(centroids))
            if np.array_equal(moved, centroids):
                break
            centroids = moved
        return centroids


def nearest(values: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """Which of the ascending `centroids` is nearest to each value: int64, shape of `values`."""
    middles = (centroids[1:] + centroids[:-1]) / 2
    return np.searchsorted(middles, values)


def _means(flat: np.ndarray, members: np.ndarray, count: int) -> np.ndarray:
    """The mean of each centroid's values; centroids that no value is nearest to fall away."""
    sizes = np.bincount(members, minlength=count)
    sums = np.bincount(members, weights=flat, minlength=count)
    return np.unique((sums[sizes > 0] / sizes[sizes > 0]).astype(np.float32))


def _start(flat: np.ndarray, count: int, start: Initialisation, generator: np.random.Generator) -> np.ndarray:
    minimum, maximum = float(flat.min()), float(flat.max())
    if start == "linear":
        return np.linspace(minimum, maximum, count)
    if start == "random":
        return generator.uniform(minimum, maximum, count)
    if start == "density":
        return np.quantile(flat, np.linspace(0, 1, count))
    return _far_apart(flat, count, generator)


def _far_apart(flat: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    sample = flat if flat.size <= SAMPLED_VALUES else generator.choice(flat, SAMPLED_VALUES, replace=False)
    chosen = np.empty(count, dtype=np.float32)
    chosen[0] = generator.choice(sample)
    distances = (sample - chosen[0]).astype(np.float64) ** 2
    for place in range(1, count):
        total = distances.sum()
        if total == 0:
            return chosen[:place]
        chosen[place] = sample[np.searchsorted(np.cumsum(distances), generator.random() * total)]
        distances = np.minimum(distances, (sample - chosen[place]).astype(np.float64) ** 2)
    return chosen
