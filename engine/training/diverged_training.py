"""Tells from its epochs that a training has diverged, though its weights are finite: its figures are no result."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from engine.contract.training_outcome import EpochRecord

FAR = 4.0
"""A validation loss of more than so many times that of guessing has exploded. Of 1,970 recorded epochs of sound
trainings none had more than 1.1 times."""
FITTED = 0.5
"""A training loss below so many times that of guessing: the network fits its training images, and is only too sure."""


def divergence(
    title: str, records: Sequence[EpochRecord], kept_epoch: int | None, labels: np.ndarray, class_count: int
) -> str:
    """Why a stage's network is none, with what to do; empty where its training is sound, or there was none.

    It has diverged where the loss of the epoch that is kept has exploded, or that of another epoch, and what is kept is
    no better than guessing.

    Args:
        title: the stage's.
        kept_epoch: whose weights the stage left; None: the last.
        labels: of the validation images.
    """
    guessing = math.log(class_count)
    exploded = [one for one in records if one.validation_loss > FAR * guessing and one.loss > FITTED * guessing]
    if not exploded:
        return ""
    kept = next((one for one in records if one.epoch == kept_epoch), records[-1])
    if kept not in exploded and kept.validation_accuracy > np.bincount(labels).max() / len(labels):
        return ""
    worst = kept if kept in exploded else max(exploded, key=lambda one: one.validation_loss)
    return (
        f'The training of "{title}" has most likely diverged: its validation loss was {worst.validation_loss:.3g} in '
        f"epoch {worst.epoch}, and guessing has {guessing:.2f}. Its figures, and those of what was made from it, "
        "are no result; train it with a lower learning rate."
    )
