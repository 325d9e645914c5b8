"""Stops the training of a baseline that lags behind: asynchronous successive halving (ASHA), for fronts.

Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning" (arXiv:1810.05934), Algorithm 2, with two
changes. A small network may be on the front in spite of its accuracy, so a baseline is held only against those that are
no worse in every other objective and floor, as far as the plan tells. And it counts as behind one only where the 95 %
interval of the difference (Newcombe 1998, method 10) lies above 0: early accuracies on few images are mostly chance. By
rank alone a third of the front was lost where this rule lost nothing (resources/docs/search.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from engine.contract.objectives import ACCURACIES
from engine.contract.search_settings import SearchSettings
from engine.contract.training_outcome import EpochRecord
from engine.measurement.accuracy import wilson_interval
from engine.search.planned_baseline import PlannedBaseline, costs_are_known, is_no_costlier

REDUCTION = 3
"""One of so many goes on from a rung, as far as they can be told apart; η of the paper."""
RUNGS = (Fraction(1, 9), Fraction(1, 3))
"""Shares of a training, not epochs: trainings of several lengths are compared where their schedules are alike."""


@dataclass(frozen=True)
class Lag:
    """Why a training is not worth going on with."""

    epoch: int
    epochs: int | None
    """None: the training would have found its length itself."""
    reached: float
    """The best validation accuracy so far, 0 to 1."""
    compared: int
    """Trials that it was held against."""
    ahead: tuple[PlannedBaseline, ...]
    """Those of them that are clearly more accurate."""

    def __str__(self) -> str:
        of = f" of {self.epochs}" if self.epochs else ""
        return (
            f"at epoch {self.epoch}{of} it reached {self.reached:.2f} on the validation images; {len(self.ahead)} of "
            f"{self.compared} trials had more"
        )


class EpochRungs:
    """What each baseline of a search had reached at each rung; of a baseline that several trials share, once."""

    def __init__(self, settings: SearchSettings, validation_images: int) -> None:
        self._settings, self._validation_images = settings, validation_images
        self._can_compare = any(name in settings.objectives for name in ACCURACIES) and costs_are_known(settings)
        self._reached: dict[Fraction, dict[str, tuple[PlannedBaseline, float]]] = {rung: {} for rung in RUNGS}

    def lag(self, baseline: PlannedBaseline, records: Sequence[EpochRecord]) -> Lag | None:
        """Whether a training that stands at a rung lags behind; None: it goes on.

        Args:
            records: its epochs so far, from the first on; asked after each.
        """
        epoch = len(records)
        at = [rung for rung in RUNGS if epoch == _epoch_of(rung, baseline)]
        if not at:
            return None
        reached = max(record.validation_accuracy for record in records)
        others = [
            one for key, one in self._reached[at[-1]].items() if key != baseline.key and self._rivals(one[0], baseline)
        ]
        for rung in at:
            self._reached[rung][baseline.key] = (baseline, reached)
        ahead = tuple(one for one, its in others if self._is_clearly_more(its, reached))
        promoted = (len(others) + 1) // REDUCTION
        if not self._can_compare or epoch <= baseline.frozen_until or not 0 < promoted <= len(ahead):
            return None
        return Lag(epoch, None if baseline.is_open_ended else baseline.epochs, reached, len(others), ahead)

    def _rivals(self, one: PlannedBaseline, baseline: PlannedBaseline) -> bool:
        return one.is_open_ended == baseline.is_open_ended and is_no_costlier(one, baseline, self._settings)

    def _is_clearly_more(self, one: float, other: float) -> bool:
        (low, _), (_, high) = self._interval(one), self._interval(other)
        return one - other > math.hypot(one - low, high - other)

    def _interval(self, accuracy: float) -> tuple[float, float]:
        return wilson_interval(round(accuracy * self._validation_images), self._validation_images)


def _epoch_of(rung: Fraction, baseline: PlannedBaseline) -> int:
    """The epoch after which a baseline stands at a rung; 0: never, since there would be nothing left to save."""
    epoch = math.ceil(rung * baseline.epochs)
    return epoch if epoch < baseline.epochs else 0
