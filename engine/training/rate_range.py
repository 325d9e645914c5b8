"""Which learning rates a search tries, over how many batches, and how it smooths the losses. No TensorFlow."""

from __future__ import annotations

import math

import numpy as np

MIN_RATE = 1e-6
MAX_RATE = 1.0
MAX_RATE_OF_SGD = 10.0
"""The other optimizers divide by the size of the gradients, and so diverge earlier."""
MIN_BATCHES, MAX_BATCHES = 100, 150
SWEEP_MACS = 2e11
"""Multiply-accumulates of all batches together, between the limits: some 15 s on two cores of a server of 2020."""
TRAINING_PASSES = 3
"""The backward pass computes about twice what the forward pass does."""
SMOOTHING = 0.8
"""How much of the smoothed loss stays with each batch."""
DIVERGED_RATIO = 4.0
"""Of the smoothed loss to its lowest, as in fastai (Howard and Gugger 2020)."""
FIRST_JUDGED = 10
"""Batches; before them a loss near zero may double by chance."""


class SmoothedLoss:
    """The exponential mean of losses, with its bias towards zero corrected (Kingma and Ba 2015, section 3)."""

    def __init__(self) -> None:
        self._mean, self._count, self._best = 0.0, 0, math.inf
        self.has_diverged = False
        """Whether the last one was four times the lowest, or not finite."""

    def add(self, loss: float) -> float:
        """Take in the next loss; returns the smoothed one, in the same unit."""
        self._count += 1
        self._mean = SMOOTHING * self._mean + (1 - SMOOTHING) * loss
        smoothed = self._mean / (1 - SMOOTHING**self._count)
        self._best = min(self._best, smoothed)
        too_high = self._count > FIRST_JUDGED and smoothed > DIVERGED_RATIO * self._best
        self.has_diverged = too_high or not math.isfinite(smoothed)
        return smoothed


def tried_rates(optimizer: str, batches: int) -> list[float]:
    """`batches` rates that rise geometrically from 1e-6 to 1, or to 10 for sgd."""
    top = MAX_RATE_OF_SGD if optimizer == "sgd" else MAX_RATE
    return [float(rate) for rate in np.geomspace(MIN_RATE, top, batches)]


def planned_batches(macs: int, batch_size: int, held_out_images: int) -> int:
    """Over how many batches the rate rises: by the network's arithmetic and never by the clock, so that the same recipe
    gives the same curve on a busy machine too.

    Args:
        macs: multiply-accumulates of the network for one image.
        held_out_images: that are classified after each batch.
    """
    of_batch = macs * (TRAINING_PASSES * batch_size + held_out_images)
    return int(np.clip(SWEEP_MACS // max(of_batch, 1), MIN_BATCHES, MAX_BATCHES))
