"""The sentences of recommendations."""

from __future__ import annotations

from collections.abc import Sequence

from engine.advice.accuracy_floor import AccuracyFloor
from engine.advice.differences import Difference, Differences
from engine.advice.goals import ACCURACY, ACCURATE, FAST, SIZE, SMALL, ZIP, Aim, DecidingFigure
from engine.advice.repeated_chains import JudgedChains
from engine.advice.techniques import technique
from engine.contract.measurements import VariantMeasurement
from engine.contract.recipe import BASELINE
from engine.figures.figure import Uncertainty
from engine.figures.figure_text import either, figure_text
from engine.figures.variant_figures import figures

SIZE_RATIO, ZIP_RATIO, TIME_RATIO = figures("size_ratio", "zip_ratio", "latency_ratio")
NAMED = 3
"""So many files that are level with the best are named; of more, their number."""


class Reasons:
    """Of one run and one floor."""

    def __init__(self, judged: JudgedChains, floor: AccuracyFloor) -> None:
        self._differences = Differences(judged.variants)
        self._floor = floor.words(judged.variants)
        self._least = floor.least
        self._judged = judged
        self._images = "the repetitions" if judged.repetitions > 1 else "the test images"

    def nearest(self, variant: VariantMeasurement) -> str:
        """Where no file reaches the floor."""
        accuracy = self._differences.text(ACCURACY, variant)
        repeated = self._judged.share_text(variant)
        return f"No file reaches {self._floor}; {variant.name} is nearest with accuracy {accuracy}{repeated}."

    def of(
        self,
        aim: Aim,
        best: VariantMeasurement,
        rivals: Sequence[VariantMeasurement],
        passing: Sequence[VariantMeasurement],
        advised: VariantMeasurement | None,
    ) -> str:
        """
        Args:
            rivals: those that are level with the best by the aim's objective.
            passing: all that reach the floor.
            advised: what the paper advises for the aim; None: it is not in the run.
        """
        parts = [self._measured(aim.objective, best)]
        if best.chain == BASELINE and len(passing) == 1:
            parts.append(f"no other file reaches {self._floor}")
        elif rivals:
            parts.append(self._level(aim.objective, best, rivals))
        if self._judged.repetitions > 1:
            parts.append(f"the first of its files is {self._judged.files[best.name]}")
        if best.accuracy_ci95[0] < self._least:
            parts.append("on other images its accuracy may lie below the floor")
        return f"{'; '.join(filter(None, parts))}. {self._advice(aim, best, passing, advised)}."

    def _measured(self, objective: DecidingFigure, variant: VariantMeasurement) -> str:
        name, repeated = variant.name, self._judged.share_text(variant)
        if objective is ACCURATE:
            low, high = variant.accuracy_ci95
            return f"{name} has the highest accuracy {variant.accuracy:.3f} ({low:.3f}–{high:.3f}){repeated}"
        accuracy = self._accuracy(variant)
        is_baseline = variant.chain == BASELINE
        if objective is FAST:
            time = figure_text(variant.latency_p50_ms)
            if is_baseline:
                return f"{name} takes {time} ms per image, with {accuracy}{repeated}"
            share = self._differences.text(TIME_RATIO, variant)
            return f"{name} takes {time} ms per image, {share} of the baseline's time, with {accuracy}{repeated}"
        is_zipped = objective is not SMALL
        size = self._differences.text(ZIP if is_zipped else SIZE, variant)
        if is_baseline:
            return f"{name} is {size} KiB{' zipped' if is_zipped else ''}, with {accuracy}{repeated}"
        share = self._differences.text(ZIP_RATIO if is_zipped else SIZE_RATIO, variant)
        return (
            f"{name} is {size} KiB{' zipped' if is_zipped else ''}, {share} of the baseline's, "
            f"with {accuracy}{repeated}"
        )

    @staticmethod
    def _accuracy(variant: VariantMeasurement) -> str:
        if not variant.paired:
            return f"accuracy {variant.accuracy:.3f}"
        low, high = (100 * end for end in variant.paired.difference_ci95)
        change = 100 * variant.paired.difference
        return f"accuracy {variant.accuracy:.3f}, {change:+.1f} points ({low:+.1f} to {high:+.1f}) against the baseline"

    def _level(self, objective: DecidingFigure, best: VariantMeasurement, rivals: Sequence[VariantMeasurement]) -> str:
        """Which others cannot be told from the best."""
        if objective is ACCURATE:
            smallest = min(rivals, key=lambda one: one.model_bytes)
            if smallest.model_bytes >= best.model_bytes:
                return ""
            size = self._differences.text(SIZE, smallest)
            return f"{smallest.name} ({size} KiB) {self._compared(ACCURATE, smallest, best)} ({smallest.accuracy:.3f})"
        is_open = objective is FAST and any(
            self._differences.between(objective.figure, one, best) is Difference.OPEN for one in rivals
        )
        same = objective.same if len(rivals) == 1 else objective.several_same
        same = f"{same} for all that the timing can tell" if is_open else same
        *others, name = [one.name for one in rivals]
        if not others:
            return f"{name} {same}, but not more accurate"
        if len(rivals) > NAMED:
            return f"{len(rivals)} other files {same}, but not more accurate"
        names = ", ".join(others)
        return f"{names} and {name} {same}, but not more accurate"

    def _advice(
        self,
        aim: Aim,
        best: VariantMeasurement,
        passing: Sequence[VariantMeasurement],
        advised: VariantMeasurement | None,
    ) -> str:
        """What the paper's advice is worth here."""
        said = f"{aim.paper} advise {either(aim.advised)} {aim.advised_for}"
        if advised is None:
            return f"{said}, which no chain of this run uses"
        if technique(best) in aim.advised:
            return f"{said}, and this is it"
        return f"{said}; {self._here(aim.objective, best, passing, advised)}"

    def _here(
        self,
        objective: DecidingFigure,
        best: VariantMeasurement,
        passing: Sequence[VariantMeasurement],
        advised: VariantMeasurement,
    ) -> str:
        """How what is advised does in this run."""
        name, reached = advised.name, advised.accuracy
        if advised not in passing:
            return f"here {name} does not reach {self._floor} ({reached:.3f})"
        accuracy = self._compared(ACCURATE, advised, best)
        if objective is ACCURATE:
            return f"here {name} {accuracy} ({reached:.3f})"
        compared = self._compared(objective, advised, best)
        if objective is FAST:
            share = advised.latency_ratio
            return f"here {name} {compared} ({share:.2f} of the baseline's time) and {accuracy} ({reached:.3f})"
        size = self._differences.text(objective.figure, advised)
        return f"here {name} {compared} ({size} KiB) and {accuracy} ({reached:.3f})"

    def _compared(self, objective: DecidingFigure, one: VariantMeasurement, other: VariantMeasurement) -> str:
        """Such as "is slower", "is as accurate" and "is as accurate for all that can be told"."""
        match self._differences.between(objective.figure, one, other):
            case Difference.BETTER:
                return objective.better
            case Difference.WORSE:
                return objective.worse
            case Difference.SAME:
                return objective.same
        if objective.figure.uncertainty is Uncertainty.TEST_IMAGES:
            return f"{objective.same} for all that {self._images} can tell"
        return f"{objective.same} for all that the timing can tell"
