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
from engine.figures.figure_text import figure_text, listed
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
        share = self._judged.share_text(variant)
        return f"No file reaches {self._floor}; {variant.name} is nearest with accuracy {accuracy}{share}."

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
        share = self._judged.share_text(best)
        parts = [f"{best.name} {self._measured(aim.objective, best)}{share}"]
        if best.chain == BASELINE and len(passing) == 1:
            parts.append(f"no other file reaches {self._floor}")
        elif rivals:
            parts.append(self._level(aim.objective, best, rivals))
        if share:
            parts.append(f"the first of its files is {self._judged.files[best.name]}")
        if best.accuracy_ci95[0] < self._least:
            parts.append("on other images its accuracy may lie below the floor")
        return f"{'; '.join(filter(None, parts))}. {self._advice(aim, best, passing, advised)}."

    def _measured(self, objective: DecidingFigure, variant: VariantMeasurement) -> str:
        accuracy = f"accuracy {variant.accuracy:.3f}"
        if objective is ACCURATE:
            return f"has the highest {accuracy} ({'{:.3f}–{:.3f}'.format(*variant.accuracy_ci95)})"
        if variant.paired:
            low, high = (100 * end for end in variant.paired.difference_ci95)
            change = 100 * variant.paired.difference
            accuracy += f", {change:+.1f} points ({low:+.1f} to {high:+.1f}) against the baseline"
        if objective is FAST:
            time = f"takes {figure_text(variant.latency_p50_ms)} ms per image"
            part = (
                ""
                if variant.chain == BASELINE
                else f", {self._differences.text(TIME_RATIO, variant)} of the baseline's time"
            )
            return f"{time}{part}, with {accuracy}"
        is_zipped = objective is not SMALL
        ratio = ZIP_RATIO if is_zipped else SIZE_RATIO
        size = f"is {self._differences.text(ZIP if is_zipped else SIZE, variant)} KiB{' zipped' if is_zipped else ''}"
        part = "" if variant.chain == BASELINE else f", {self._differences.text(ratio, variant)} of the baseline's"
        return f"{size}{part}, with {accuracy}"

    def _level(self, objective: DecidingFigure, best: VariantMeasurement, rivals: Sequence[VariantMeasurement]) -> str:
        """Which others cannot be told from the best."""
        if objective is ACCURATE:
            smallest = min(rivals, key=lambda one: one.model_bytes)
            if smallest.model_bytes >= best.model_bytes:
                return ""
            size = self._differences.text(SIZE, smallest)
            return f"{smallest.name} ({size} KiB) {self._compared(ACCURATE, smallest, best)} ({smallest.accuracy:.3f})"
        names = [one.name for one in rivals]
        who = listed(names) if len(names) <= NAMED else f"{len(names)} other files"
        is_open = objective is FAST and any(
            self._differences.between(objective.figure, one, best) is Difference.OPEN for one in rivals
        )
        same = f"{objective.same}{' for all that the timing can tell' if is_open else ''}"
        return f"{who} {'is' if len(names) == 1 else 'are'} {same}, but not more accurate"

    def _advice(
        self,
        aim: Aim,
        best: VariantMeasurement,
        passing: Sequence[VariantMeasurement],
        advised: VariantMeasurement | None,
    ) -> str:
        """What the paper's advice is worth here."""
        said = f"{aim.paper} advise {' or '.join(aim.advised)} {aim.advised_for}"
        if advised is None:
            return f"{said}, which no chain of this run uses"
        if technique(best) in aim.advised:
            return f"{said}, and this is it"
        if advised not in passing:
            return f"{said}; here {advised.name} does not reach {self._floor} ({advised.accuracy:.3f})"
        accuracy = f"{self._compared(ACCURATE, advised, best)} ({advised.accuracy:.3f})"
        if aim.objective is ACCURATE:
            return f"{said}; here {advised.name} {accuracy}"
        figure = f"({self._short(aim.objective, advised)})"
        return (
            f"{said}; here {advised.name} {self._compared(aim.objective, advised, best)} {figure} and "
            f"{accuracy.removeprefix('is ')}"
        )

    def _compared(self, objective: DecidingFigure, one: VariantMeasurement, other: VariantMeasurement) -> str:
        """Such as "is slower", "is as accurate" and "is as accurate for all that can be told"."""
        match self._differences.between(objective.figure, one, other):
            case Difference.BETTER:
                return f"is {objective.better}"
            case Difference.WORSE:
                return f"is {objective.worse}"
            case Difference.SAME:
                return f"is {objective.same}"
        noise = self._images if objective.figure.uncertainty is Uncertainty.TEST_IMAGES else "the timing"
        return f"is {objective.same} for all that {noise} can tell"

    def _short(self, objective: DecidingFigure, variant: VariantMeasurement) -> str:
        if objective is FAST:
            return f"{variant.latency_ratio:.2f} of the baseline's time"
        return f"{self._differences.text(objective.figure, variant)} KiB"
