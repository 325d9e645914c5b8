"""Stops a trial once its baseline shows that its chain is not worth computing: successive halving's rung, for fronts.

A chain seldom classifies better than the baseline that it comes from, so a baseline whose whole interval lies below the
floor, or that another one beats in accuracy by more than chance and in no figure else loses to, ends its trial.
"""

from __future__ import annotations

from engine.contract.measurements import VariantMeasurement
from engine.contract.objectives import ACCURACIES, HIGHER_IS_BETTER
from engine.contract.search_settings import SearchSettings
from engine.measurement.accuracy import wilson_interval


class WeakBaselines:
    """Remembers the baselines of a search."""

    def __init__(self, settings: SearchSettings, validation_images: int) -> None:
        self._settings, self._validation_images = settings, validation_images
        self._seen: list[VariantMeasurement] = []

    def why_weak(self, baseline: VariantMeasurement) -> str:
        """Why its chains are not computed; empty where they are."""
        why = self._below_the_floor(baseline) or self._beaten(baseline)
        self._seen.append(baseline)
        return why

    def _below_the_floor(self, baseline: VariantMeasurement) -> str:
        for name in ACCURACIES:
            floor = self._settings.floors.get(name)
            if floor is not None and (ends := self._interval(baseline, name)) and ends[1] < floor:
                return f"its baseline reaches {getattr(baseline, name):.3f}, and the floor is {floor:g}"
        return ""

    def _beaten(self, baseline: VariantMeasurement) -> str:
        judged = next((name for name in ACCURACIES if name in self._settings.objectives), None)
        if judged is None or (own := self._interval(baseline, judged)) is None:
            return ""
        figures = (*self._settings.objectives, *self._settings.floors)
        others = [name for name in figures if name not in ACCURACIES]
        for other in self._seen:
            theirs = self._interval(other, judged)
            if theirs and theirs[0] > own[1] and all(_no_worse(other, baseline, name) for name in others):
                return (
                    f'its baseline reaches {getattr(baseline, judged):.3f}, and that of "{other.name}" is better in all'
                )
        return ""

    def _interval(self, variant: VariantMeasurement, name: str) -> tuple[float, float] | None:
        if name == "accuracy":
            return variant.accuracy_ci95
        value = variant.validation_accuracy
        return (
            None if value is None else wilson_interval(round(value * self._validation_images), self._validation_images)
        )


def _no_worse(one: VariantMeasurement, other: VariantMeasurement, name: str) -> bool:
    ours, theirs = getattr(one, name), getattr(other, name)
    if ours is None or theirs is None:
        return False
    return bool(ours >= theirs if HIGHER_IS_BETTER[name] else ours <= theirs)
