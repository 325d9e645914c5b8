"""Channels go by chance: what every other criterion has to beat."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.steps.channel_pruning.criterion import Criterion, Reading, SeenChannels


class RandomChoice(Criterion):
    key: ClassVar[str] = "random"
    title: ClassVar[str] = "Random"
    summary: ClassVar[str] = "Channels drawn by the recipe's seed; the control of the other criteria."
    paper: ClassVar[str] = "Mittal et al. 2018"
    reads: ClassVar[Reading] = Reading.WEIGHTS

    def scores(self, seen: SeenChannels) -> np.ndarray:
        return seen.generator.random(len(seen.filters[0]))
