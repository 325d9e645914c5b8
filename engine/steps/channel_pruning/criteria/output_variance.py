"""Channels that hardly change from image to image go first, and their mean goes into the next biases."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.steps.channel_pruning.criterion import Criterion, Reading, SeenChannels, Substitute, averaged


class OutputVariance(Criterion):
    key: ClassVar[str] = "output_variance"
    title: ClassVar[str] = "Output variance"
    summary: ClassVar[str] = (
        "Channels that vary least over the chosen images; their mean goes through the next layer into its bias."
    )
    paper: ClassVar[str] = "Polyak and Wolf 2015"
    reads: ClassVar[Reading] = Reading.VARIANCES
    substitute: ClassVar[Substitute] = Substitute.MEAN

    def scores(self, seen: SeenChannels) -> np.ndarray:
        return averaged(seen.variances)
