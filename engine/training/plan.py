"""How one stage trains, as plain data. No TensorFlow."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Literal

from engine.contract.training_settings import Augmentation, TrainingSettings

Schedule = Literal["constant", "cosine", "step"]


@dataclass(frozen=True)
class TrainingPlan:
    """The recipe's training table, or what a step makes of it for its own fine-tuning; the keys mean the same."""

    epochs: int
    batch_size: int
    optimizer: Literal["adam", "adamw", "sgd", "rmsprop"]
    momentum: float
    learning_rate: float
    head_learning_rate: float
    """Never 0."""
    weight_decay: float
    schedule: Schedule
    step_epochs: tuple[int, ...]
    step_factor: float
    warmup_epochs: int
    augment: tuple[Augmentation, ...]
    label_smoothing: float
    class_weights: Literal["none", "balanced"]
    early_stopping: int
    restore_best: bool
    unfreeze_epoch: int
    test_epochs: tuple[int, ...]
    precision: Literal["auto", "float32", "mixed_float16"]

    @classmethod
    def of_recipe(cls, training: TrainingSettings) -> TrainingPlan:
        values = {one.name: getattr(training, one.name) for one in fields(cls)}
        values |= {"epochs": training.trained_epochs}
        return cls(**values | {"head_learning_rate": training.head_learning_rate or training.learning_rate})

    def fine_tuning(self, epochs: int, learning_rate: float, schedule: Schedule = "constant") -> TrainingPlan:
        """The same for `epochs` at one rate for all layers, without what is of the baseline's course alone."""
        return replace(
            self,
            epochs=epochs,
            learning_rate=learning_rate,
            head_learning_rate=learning_rate,
            schedule=schedule,
            step_epochs=(),
            warmup_epochs=0,
            unfreeze_epoch=0,
            test_epochs=(),
        )

    def rate_factor(self, step: int, batches: int) -> float:
        """What the warm-up and the schedule multiply the learning rates by.

        Args:
            step: batches that are done, from 0.
            batches: of an epoch.

        Returns:
            In the warm-up: rising evenly to 1 (Goyal et al. 2017, section 2.2). After it, constant: 1; cosine: half a
            cosine from 1 to 0.01 (Loshchilov and Hutter 2017, eq. 5); step: the step factor to the power of the steps
            that are passed, without `step_epochs` after half and three quarters (as He et al. 2016 on CIFAR).
        """
        warm = self.warmup_epochs * batches
        if step < warm:
            return (step + 1) / warm
        progress = min((step - warm) / ((self.epochs - self.warmup_epochs) * batches), 1.0)
        if self.schedule == "cosine":
            return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress))
        if self.schedule == "step":
            passed = [step >= epoch * batches for epoch in self.step_epochs] or [progress >= 0.5, progress >= 0.75]
            return self.step_factor ** sum(passed)
        return 1.0
