"""Filters of small weights go first."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.steps.channel_pruning.criterion import Criterion, Reading, SeenChannels, averaged


class L1Norm(Criterion):
    key: ClassVar[str] = "l1"
    title: ClassVar[str] = "L1 norm"
    summary: ClassVar[str] = "Channels whose filters have the smallest sum of magnitudes."
    paper: ClassVar[str] = "Li et al. 2017"
    reads: ClassVar[Reading] = Reading.WEIGHTS

    def scores(self, seen: SeenChannels) -> np.ndarray:
        return averaged([np.abs(filters).sum(axis=1) for filters in seen.filters])
