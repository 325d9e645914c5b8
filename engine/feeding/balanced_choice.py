"""A seeded choice of images, the same number of each class."""

from __future__ import annotations

import numpy as np


def balanced_rows(rows: np.ndarray, labels: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """Some of the rows, ascending, int64 (at most count,); all where there are fewer.

    A class that has too few gives all it has, and the others make up for it.

    Args:
        rows: int64 (n,).
        labels: int64 (n,), of these rows.
    """
    order = generator.permutation(len(rows))
    rank = np.empty(len(rows), dtype=np.int64)
    for label in np.unique(labels):
        members = order[labels[order] == label]
        rank[members] = np.arange(len(members))
    chosen = np.lexsort((labels, rank))[:count]
    return np.sort(rows[chosen])
