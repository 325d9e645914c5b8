"""Filters of small Euclidean length go first."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.steps.channel_pruning.criterion import Criterion, Reading, SeenChannels, averaged


class L2Norm(Criterion):
    key: ClassVar[str] = "l2"
    title: ClassVar[str] = "L2 norm"
    summary: ClassVar[str] = "Channels whose filters have the smallest Euclidean length."
    paper: ClassVar[str] = "He et al. 2018"
    reads: ClassVar[Reading] = Reading.WEIGHTS

    def scores(self, seen: SeenChannels) -> np.ndarray:
        return averaged([np.sqrt(np.square(filters).sum(axis=1)) for filters in seen.filters])
