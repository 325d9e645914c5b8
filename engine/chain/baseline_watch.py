"""Decides while a baseline trains, and once it is measured, whether it is worth going on with."""

from __future__ import annotations

from engine.contract.measurements import VariantMeasurement
from engine.contract.training_outcome import EpochRecord


class BaselineWatch:
    """As it is, everything is computed; a search has one of its own for each trial."""

    def is_worth_training(self, record: EpochRecord) -> bool:
        """Whether the training goes on after an epoch. Asked for every epoch from the first on, those of a checkpoint
        or of a stage in the store too, so that a run that is resumed decides as one that was not killed."""
        return True

    def is_worth_chains(self, baseline: VariantMeasurement) -> bool:
        """Whether the chains are computed, by the baseline's file."""
        return True
