"""How one stage trains, as plain data. No TensorFlow."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Literal

from engine.contract.recipe import Augmentation, TrainingSettings

Schedule = Literal["constant", "cosine", "step"]


@dataclass(frozen=True)
class TrainingPlan:
    """The recipe's training table, or what a step makes of it for its own fine-tuning."""

    epochs: int
    batch_size: int
    optimizer: Literal["adam", "sgd", "rmsprop"]
    learning_rate: float
    head_learning_rate: float
    weight_decay: float
    schedule: Schedule
    augment: tuple[Augmentation, ...]

    @classmethod
    def of_recipe(cls, training: TrainingSettings) -> TrainingPlan:
        return cls(
            training.epochs,
            training.batch_size,
            training.optimizer,
            training.learning_rate,
            training.head_learning_rate or training.learning_rate,
            training.weight_decay,
            training.schedule,
            training.augment,
        )

    def fine_tuning(self, epochs: int, learning_rate: float, schedule: Schedule = "constant") -> TrainingPlan:
        """The same for `epochs` at one rate for all layers."""
        return replace(
            self, epochs=epochs, learning_rate=learning_rate, head_learning_rate=learning_rate, schedule=schedule
        )

    def rate_factor(self, progress: float) -> float:
        """What the schedule multiplies the learning rates by.

        Args:
            progress: share of all batches that are done, 0 to 1.

        Returns:
            constant: 1; cosine: half a cosine from 1 to 0.01 (Loshchilov and Hutter 2017, eq. 5);
            step: a tenth after half of the batches, a hundredth after three quarters (as He et al. 2016 on CIFAR).
        """
        if self.schedule == "cosine":
            return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))
        if self.schedule == "step":
            return 0.01 if progress >= 0.75 else 0.1 if progress >= 0.5 else 1.0
        return 1.0


@dataclass(frozen=True)
class EpochRecord:
    """One finished epoch. Losses are mean cross-entropies (nats), accuracies fractions."""

    epoch: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float
    seconds: float
    sparsity_fraction: float | None = None


@dataclass(frozen=True)
class TrainingOutcome:
    """What a training came to; the model holds the weights of `best_epoch`."""

    records: tuple[EpochRecord, ...] = field(default=())
    best_epoch: int = 0
    stopped_early: bool = False

    @property
    def epoch_seconds(self) -> float:
        """Median seconds of an epoch, without validation; 0 before the first is finished."""
        seconds = sorted(record.seconds for record in self.records)
        middle = len(seconds) // 2
        if not seconds:
            return 0.0
        return seconds[middle] if len(seconds) % 2 else (seconds[middle - 1] + seconds[middle]) / 2
