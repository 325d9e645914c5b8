"""The result of a training, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class EpochRecord:
    """One finished epoch. Losses are mean cross-entropies (nats), accuracies fractions.

    Of training images that are mixed, the class with the larger share counts as the right one.
    """

    epoch: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float
    seconds: float
    sparsity_fraction: float | None = None
    whole_seconds: float | None = None
    """With validation, and with saving the epoch before."""
    test_accuracy: float | None = None
    """Of the network as it was after the epoch, where the plan asks for it."""


@dataclass(frozen=True)
class TrainingOutcome:
    """The result of a training; the model holds the weights of `best_epoch`, or of the last where the plan says so."""

    records: tuple[EpochRecord, ...] = field(default=())
    best_epoch: int = 0
    stopped_early: bool = False
    """By the user; running out of patience is part of the plan."""

    @property
    def epoch_seconds(self) -> float:
        """Median seconds of an epoch, without validation; 0 before the first is finished."""
        seconds = sorted(record.seconds for record in self.records)
        middle = len(seconds) // 2
        if not seconds:
            return 0.0
        return seconds[middle] if len(seconds) % 2 else (seconds[middle - 1] + seconds[middle]) / 2
