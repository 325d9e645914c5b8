"""Channels without which the loss would change least go first."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.steps.channel_pruning.criterion import Criterion, Reading, SeenChannels


class TaylorExpansion(Criterion):
    key: ClassVar[str] = "taylor"
    title: ClassVar[str] = "Taylor expansion of the loss"
    summary: ClassVar[str] = "Channels without which the loss changes least, to first order, over the chosen images."
    paper: ClassVar[str] = "Molchanov et al. 2019"
    reads: ClassVar[Reading] = Reading.GRADIENTS

    def scores(self, seen: SeenChannels) -> np.ndarray:
        """A group's change is that of all its gates together (their equation 8)."""
        return np.sum(seen.changes, axis=0)
