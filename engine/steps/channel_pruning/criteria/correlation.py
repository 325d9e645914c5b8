"""Channels that say the same as another go first, and that one takes over their outgoing weights."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.steps.channel_pruning.criterion import Criterion, Reading, SeenChannels, Substitute


class Correlation(Criterion):
    key: ClassVar[str] = "correlation"
    title: ClassVar[str] = "Correlation"
    summary: ClassVar[str] = (
        "Of two channels that say the same over the chosen images, the weaker; its outgoing weights are added to those "
        "of the other, scaled as the two are."
    )
    paper: ClassVar[str] = "Srinivas and Babu 2015"
    reads: ClassVar[Reading] = Reading.CORRELATIONS
    substitute: ClassVar[Substitute] = Substitute.PARTNER

    def scores(self, seen: SeenChannels) -> np.ndarray:
        """What no channel that stays explains, 1 − r² with the nearest one, in the order in which channels go."""
        alike = np.mean(seen.determinations, axis=0)
        np.fill_diagonal(alike, -1.0)
        strength = np.mean(seen.variances, axis=0)
        scores = np.ones(len(alike))
        reached = 0.0
        for _ in range(len(alike) - 1):
            first, second = np.unravel_index(int(alike.argmax()), alike.shape)
            goes = first if strength[first] <= strength[second] else second
            reached = max(reached, 1.0 - float(alike[first, second]))
            scores[goes] = reached
            alike[goes, :] = alike[:, goes] = -1.0
        return scores
