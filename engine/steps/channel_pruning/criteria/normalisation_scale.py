"""Channels that batch normalisation scales down go first."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.steps.channel_pruning.criterion import Criterion, Reading, SeenChannels, averaged


class NormalisationScale(Criterion):
    key: ClassVar[str] = "bn_scale"
    title: ClassVar[str] = "Scale of batch normalisation"
    summary: ClassVar[str] = "Channels with the smallest |γ| in the batch normalisation behind them."
    paper: ClassVar[str] = "Liu et al. 2017"
    reads: ClassVar[Reading] = Reading.SCALES

    def scores(self, seen: SeenChannels) -> np.ndarray:
        return averaged(seen.scales)
