"""How long a training is, and from where its learning rate falls, as far as its epochs so far tell. No TensorFlow.

With an open end the rate stays until nothing more is gained, and falls then, so that the length need not be known when
the training begins (Hägele et al. 2024, arXiv:2405.18392).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from engine.contract.training_outcome import EpochRecord
from engine.training.plan import OpenEnd, TrainingPlan, fallen

FALL_SHARE = 0.4
"""Epochs in which the rate falls, of those before."""
MIN_FALL_EPOCHS = 3
MIN_PATIENCE_EPOCHS = 5
MIN_PATIENCE_BATCHES = 400
PATIENCE_SHARE = 0.2
"""Of the epochs so far."""
WARM_UP_BATCHES = 200
MAX_WARM_UP_EPOCHS = 5
AVERAGED_EPOCHS = 3
"""Accuracies and losses on few validation images jump from epoch to epoch."""
USUAL_BATCHES = 6000
MIN_USUAL_EPOCHS = 15
MAX_USUAL_EPOCHS = 100
LOSS_GAIN = 0.005
"""The share by which the loss must fall to count as a gain."""


@dataclass(frozen=True)
class Course:
    """The length of one training as it is known now."""

    plan: TrainingPlan
    batches: int
    """Of an epoch."""
    epochs: int
    """As expected; in the end the real number."""
    falls_after: int | None = None
    """With an open end: the epochs after which the rate falls; a constant one ends there."""
    gained_in: int = 0
    """With an open end: the last epoch that brought a gain."""
    reason: Literal["", "no gain", "budget", "longest"] = ""
    """Why the rate falls."""

    @property
    def is_fixed(self) -> bool:
        """Whether `epochs` is the real number."""
        return self.plan.open_end is None or self.falls_after is not None

    def rate_factor(self, step: int) -> float:
        """What the learning rates are multiplied by at batch `step` (from 0)."""
        if self.plan.open_end is None:
            return self.plan.rate_factor(step, self.batches)
        warm = round(_warm_up_epochs(self.plan, self.batches) * self.batches)
        start, end = (self.falls_after or 0) * self.batches, self.epochs * self.batches
        if self.falls_after is None or not self.plan.falls or step < start:
            return min((step + 1) / warm, 1.0) if warm else 1.0
        # A short budget may end within the warm-up: from there it falls.
        reached = min(start / warm, 1.0) if warm else 1.0
        return reached * fallen(min((step - start) / max(end - start, 1), 1.0))


def course(plan: TrainingPlan, records: Sequence[EpochRecord], batches: int) -> Course:
    """The course of a training after the epochs `records`; the same epochs always give the same.

    Args:
        batches: of an epoch.
    """
    if plan.open_end is None:
        return Course(plan, batches, plan.epochs)
    best_accuracy, best_loss, gained_in = -1.0, math.inf, 0
    used_s = 0.0
    warm_epochs = _warm_up_epochs(plan, batches)
    for done, record in enumerate(records, start=1):
        recent = records[max(0, done - AVERAGED_EPOCHS) : done]
        accuracy = sum(one.validation_accuracy for one in recent) / len(recent)
        loss = sum(one.validation_loss for one in recent) / len(recent)
        if accuracy > best_accuracy or loss < best_loss * (1 - LOSS_GAIN):
            gained_in = done
        if done <= warm_epochs:
            # What a rising rate gains shows later.
            gained_in = done
        best_accuracy, best_loss = max(accuracy, best_accuracy), min(loss, best_loss)
        used_s += record.whole_seconds or record.seconds
        fall = _fall_epochs(done) if plan.falls else 0
        if plan.open_end.budget_s and used_s / done * (done + max(fall, 1)) >= plan.open_end.budget_s:
            left = int((plan.open_end.budget_s - used_s) / (used_s / done))
            return Course(plan, batches, done + min(fall, max(left, 1)), done, gained_in, "budget")
        if done - gained_in >= _patience_epochs(plan.open_end, done, batches):
            return Course(plan, batches, done + fall, done, gained_in, "no gain")
        if done + fall >= plan.epochs:
            return Course(plan, batches, plan.epochs, done, gained_in, "longest")
    waits_until = max(len(records), gained_in + _patience_epochs(plan.open_end, max(len(records), 1), batches))
    fall = _fall_epochs(waits_until) if plan.falls else 0
    return Course(plan, batches, min(waits_until + fall, plan.epochs), None, gained_in)


def expected_epochs(train_images: int, batch_size: int) -> int:
    """What a training with an open end usually takes; for estimates."""
    gaining = round(USUAL_BATCHES / max(math.ceil(train_images / batch_size), 1))
    gaining = min(max(gaining, MIN_USUAL_EPOCHS), MAX_USUAL_EPOCHS)
    return gaining + _fall_epochs(gaining)


def _fall_epochs(done: int) -> int:
    return max(MIN_FALL_EPOCHS, round(FALL_SHARE * done))


def _patience_epochs(end: OpenEnd, done: int, batches: int) -> int:
    if end.patience_epochs:
        return end.patience_epochs
    return max(MIN_PATIENCE_EPOCHS, math.ceil(MIN_PATIENCE_BATCHES / batches), round(PATIENCE_SHARE * done))


def _warm_up_epochs(plan: TrainingPlan, batches: int) -> float:
    if plan.open_end is None or not plan.open_end.warm_up_is_automatic:
        return plan.warmup_epochs
    return min(max(1, round(WARM_UP_BATCHES / batches)), MAX_WARM_UP_EPOCHS)
