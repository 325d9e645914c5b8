"""Filters near the middle of their layer go first: the others can stand for them."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.steps.channel_pruning.criterion import Criterion, Reading, SeenChannels, averaged


class GeometricMedian(Criterion):
    key: ClassVar[str] = "geometric_median"
    title: ClassVar[str] = "Geometric median (FPGM)"
    summary: ClassVar[str] = "Channels whose filters have the smallest sum of distances to the other filters."
    paper: ClassVar[str] = "He et al. 2019"
    reads: ClassVar[Reading] = Reading.WEIGHTS

    def scores(self, seen: SeenChannels) -> np.ndarray:
        return averaged([_distances(filters.astype(np.float64)).sum(axis=1) for filters in seen.filters])


def _distances(filters: np.ndarray) -> np.ndarray:
    """Of each two rows, (n, n)."""
    squares = np.square(filters).sum(axis=1)
    between = squares[:, None] + squares[None, :] - 2 * filters @ filters.T
    np.fill_diagonal(between, 0)
    return np.sqrt(np.maximum(between, 0))
