"""How one stage trains, as plain data. No TensorFlow."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Literal

from engine.contract.training_settings import Precision, TrainingSettings
from engine.training.automatic_rate import automatic_rate, automatic_weight_decay

Schedule = Literal["constant", "cosine", "step"]
MANY_IMAGES = 1_000_000
"""Where their number is not known: more than a batch has."""
WARM_UP_SHARE = 0.1
"""Of the epochs, where the recipe leaves the warm-up to the program."""
LAST_RATE_FACTOR = 0.01
"""What a falling rate ends at."""


@dataclass(frozen=True)
class OpenEnd:
    """A training whose length is found on the way."""

    patience_epochs: int
    """Without a gain before the rate falls; 0: automatic."""
    budget_s: float
    """0: no limit."""
    warm_up_is_automatic: bool = True
    """Whether its length follows from the batches of an epoch, or is the plan's."""


@dataclass(frozen=True)
class TrainingPlan:
    """The recipe's training table, or what a step makes of it for its own fine-tuning; the keys mean the same."""

    epochs: int
    """At most, where the end is open."""
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
    warmup_epochs: float
    """A part of one too."""
    augment: tuple[str, ...]
    label_smoothing: float
    class_weights: Literal["none", "balanced"]
    early_stopping: int
    restore_best: bool
    unfreeze_epoch: int
    test_epochs: tuple[int, ...]
    precision: Precision
    open_end: OpenEnd | None = None

    @classmethod
    def of_recipe(
        cls,
        training: TrainingSettings,
        batch_normalised: bool = True,
        begins_with_weights: bool = False,
        train_images: int = MANY_IMAGES,
    ) -> TrainingPlan:
        """
        Args:
            batch_normalised: whether the network has batch normalisation.
            begins_with_weights: whether it begins with weights of a file.
            train_images: a batch has no more.
        """
        rate = training.learning_rate or automatic_rate(training, batch_normalised, begins_with_weights, train_images)
        decay = training.weight_decay
        warm = training.warmup_epochs
        open_end = None
        if training.is_open_ended:
            open_end = OpenEnd(training.early_stopping, 60 * training.budget_minutes, warm is None)
        values = {one.name: getattr(training, one.name) for one in fields(cls) if one.name != "open_end"}
        return cls(
            **values
            | {
                "epochs": training.trained_epochs,
                "learning_rate": rate,
                "head_learning_rate": training.head_learning_rate or rate,
                "weight_decay": automatic_weight_decay(training.optimizer) if decay is None else decay,
                "warmup_epochs": WARM_UP_SHARE * (training.epochs or 0) if warm is None else warm,
                "early_stopping": 0 if open_end else training.early_stopping,
                "open_end": open_end,
            }
        )

    @property
    def falls(self) -> bool:
        """Whether the learning rate falls."""
        return self.schedule != "constant"

    @property
    def frozen_epochs(self) -> int:
        """Epochs in which a frozen base stays frozen."""
        return self.unfreeze_epoch - 1 if self.unfreeze_epoch else self.epochs

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
            open_end=None,
        )

    def from_scratch(self, epochs: int, learning_rate: float) -> TrainingPlan:
        """The same for a new network: a warm-up, then a cosine."""
        return replace(self.fine_tuning(epochs, learning_rate, "cosine"), warmup_epochs=WARM_UP_SHARE * epochs)

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
        warm = round(self.warmup_epochs * batches)
        if step < warm:
            return (step + 1) / warm
        progress = min((step - warm) / (self.epochs * batches - warm), 1.0)
        if self.schedule == "cosine":
            return fallen(progress)
        if self.schedule == "step":
            passed = [step >= epoch * batches for epoch in self.step_epochs] or [progress >= 0.5, progress >= 0.75]
            return self.step_factor ** sum(passed)
        return 1.0


def fallen(progress: float) -> float:
    """Half a cosine from 1 to `LAST_RATE_FACTOR`, at `progress` from 0 to 1."""
    return LAST_RATE_FACTOR + (1 - LAST_RATE_FACTOR) * 0.5 * (1 + math.cos(math.pi * progress))
