"""Which file of a run to take, by goal, each with its reason in one sentence. No TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.advice.accuracy_floor import AccuracyFloor
from engine.advice.differences import Difference, Differences
from engine.advice.goals import ACCURATE, AIMS, FAST, SIZE, ZIP, Aim, DecidingFigure, Goal
from engine.advice.reasons import Reasons
from engine.advice.repeated_chains import judged_chains
from engine.advice.techniques import technique
from engine.contract.measurements import VariantMeasurement
from engine.contract.recipe import BASELINE
from engine.contract.repeated_results import ChainSummary
from engine.contract.run_result import RunResult
from engine.figures.figure import Better

SAME_SIZE = 1.01
"""A file of less than this times the bytes of another is as small: what a name in it takes decides nothing."""


@dataclass(frozen=True)
class Recommendation:
    """One goal's file."""

    goal: Goal
    variant: str
    """Its name."""
    reason: str
    """One sentence with the figures that decided, and what the paper's advice is worth here."""
    paper: str = ""
    """Whose advice the reason weighs, such as "Lee et al. 2022"; empty: nobody's."""


NO_RESULT = "No file is advised: the training of every chain diverged, so its figures are no result."


def why_none(variants: Sequence[VariantMeasurement]) -> str:
    """Why nothing is advised of a run that has chains, as a sentence; empty where something is, or there are none."""
    chains = [variant for variant in variants if variant.chain != BASELINE and not variant.dataset]
    return NO_RESULT if chains and all(variant.diverged for variant in chains) else ""


def recommendations(result: RunResult, floor: AccuracyFloor | None = None) -> tuple[Recommendation, ...]:
    """Of a finished run; `floor` None: the recipe's target, or no measurable loss."""
    return recommended(result.variants, floor or AccuracyFloor(), result.summary)


def recommended(
    variants: Sequence[VariantMeasurement], floor: AccuracyFloor, summary: Sequence[ChainSummary] = ()
) -> tuple[Recommendation, ...]:
    """Of the variants that there are; none of a baseline alone.

    Goals of speed are left out until all files were timed in turn. Where no file reaches the floor, the nearest one is
    all that is told. Variants of another dataset are left out: their accuracies are of other images. Of a run with
    several seeds or folds the chains are compared, by their means. Files of the same bytes are one file, as the
    baseline that several trials of a search share. What has diverged is never taken.

    Args:
        summary: of a run that has ended and repeats its chains.
    """
    judged = judged_chains([variant for variant in variants if not variant.dataset], summary)
    chains = judged.variants
    sound = [variant for variant in chains if not variant.diverged]
    if all(variant.chain == BASELINE for variant in sound):
        return ()
    passing = _distinct([variant for variant in floor.reached(chains, judged.worse) if not variant.diverged])
    reasons = Reasons(judged, floor)
    if not passing:
        nearest = max(sound, key=lambda one: one.accuracy)
        return (Recommendation(Goal.FLOOR, judged.files[nearest.name], reasons.nearest(nearest)),)
    differences = Differences(chains)
    is_timed = all(variant.is_timed_in_turn for variant in chains)
    found = []
    for aim in AIMS:
        if aim.objective is FAST and not is_timed:
            continue
        offered = _accurate_enough(passing, sound) if aim.keeps_baseline else passing
        best = _best(aim.objective, offered, differences)
        rivals = [one for one in offered if one is not best and _is_level(aim.objective, one, best, differences)]
        reason = reasons.of(aim, best, rivals, passing, _advised(aim, passing, sound, differences))
        found.append(Recommendation(aim.goal, judged.files[best.name], reason, aim.paper))
    return tuple(found)


def _distinct(variants: Sequence[VariantMeasurement]) -> tuple[VariantMeasurement, ...]:
    """The first variant of each file content; those of which it is not known each stand for themselves."""
    found: dict[str, VariantMeasurement] = {}
    for one in variants:
        found.setdefault(one.file_sha256 or one.name, one)
    return tuple(found.values())


def _accurate_enough(
    passing: Sequence[VariantMeasurement], chains: Sequence[VariantMeasurement]
) -> Sequence[VariantMeasurement]:
    """Those that were measured at least as accurate as the best baseline; without any, the most accurate."""
    needed = max((one.accuracy for one in chains if one.chain == BASELINE), default=0.0)
    most = max(one.accuracy for one in passing)
    return [one for one in passing if one.accuracy >= min(needed, most)]


def _best(
    objective: DecidingFigure, offered: Sequence[VariantMeasurement], differences: Differences
) -> VariantMeasurement:
    """The best by the objective; of those that are level with it the most accurate, then the smallest."""

    def cost(variant: VariantMeasurement) -> float:
        number = differences.number(objective.figure, variant)
        assert number is not None
        return -number if objective.figure.better is Better.HIGHER else number

    first = min(offered, key=cost)
    # The highest accuracy is the best guess, though others may be as good.
    level = [one for one in offered if _is_level(objective, one, first, differences)]
    if objective is ACCURATE:
        level = [one for one in offered if one.accuracy == first.accuracy]
    return min(level, key=lambda one: (-one.accuracy, one.model_bytes, one.zip_bytes, cost(one)))


def _is_level(
    objective: DecidingFigure, one: VariantMeasurement, other: VariantMeasurement, differences: Differences
) -> bool:
    """Whether the objective does not tell the first from the second."""
    if objective.figure in (SIZE, ZIP):
        sizes = [differences.number(objective.figure, variant) or 0.0 for variant in (one, other)]
        return max(sizes) <= SAME_SIZE * min(sizes)
    return differences.between(objective.figure, one, other) in (Difference.SAME, Difference.OPEN)


def _advised(
    aim: Aim,
    passing: Sequence[VariantMeasurement],
    chains: Sequence[VariantMeasurement],
    differences: Differences,
) -> VariantMeasurement | None:
    """The best of the files that the paper advises, those first that reach the floor; None: the run has none."""
    for offered in (passing, chains):
        if own := [one for one in offered if technique(one) in aim.advised]:
            return _best(aim.objective, own, differences)
    return None
