"""Chains that a run repeats with other seeds or folds, each as one variant with mean figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from engine.contract.measurements import MicroFile, PairedComparison, RecallComparison, VariantMeasurement
from engine.contract.recipe import BASELINE
from engine.contract.repeated_results import ChainSummary

SIGNIFICANT = 0.05
NOT_MEANT = ("seed", "fold", "threads", "diverged")
"""Numbers that are no figures."""


@dataclass(frozen=True)
class JudgedChains:
    """The chains of a run as they are compared."""

    variants: tuple[VariantMeasurement, ...]
    """One per chain and image setting; of a run that repeats nothing its variants themselves."""
    files: Mapping[str, str]
    """Name of each → the variant whose file stands for it: the first repetition's. The best would be the luckiest."""
    repetitions: int
    """Of the study; 1: nothing is repeated."""
    counts: Mapping[str, int]
    """Name of each → how many repetitions its figures are of."""
    worse: frozenset[str]
    """Names of those that every repetition measured as less accurate than its baseline, by its own test images."""

    @classmethod
    def unrepeated(cls, variants: Sequence[VariantMeasurement]) -> JudgedChains:
        """Each variant for itself."""
        names = {one.name: one.name for one in variants}
        return cls(tuple(variants), names, 1, dict.fromkeys(names, 1), frozenset())

    def share_text(self, variant: VariantMeasurement) -> str:
        """How many repetitions a chain's figures are of, as a part of a sentence; empty where nothing is repeated."""
        if self.repetitions == 1:
            return ""
        count = self.counts[variant.name]
        if count == self.repetitions:
            return f", as means of {count} repetitions"
        return f", of {count} of {self.repetitions} repetitions only, as the others have no result"


def judged_chains(variants: Sequence[VariantMeasurement], summary: Sequence[ChainSummary] = ()) -> JudgedChains:
    """
    Args:
        summary: of a run that has ended: its intervals of the means, in which seeds and test images both count. Without
            it intervals reach over all repetitions, so that chains differ only where the worst repetition of one is
            better than the best of the other.
    """
    if not any(variant.repeat for variant in variants):
        return JudgedChains.unrepeated(variants)
    known = {(one.setting, one.chain): one for one in summary}
    repetitions = len({variant.repeat for variant in variants})
    together: dict[tuple[str, str], list[VariantMeasurement]] = {}
    for variant in variants:
        together.setdefault((variant.setting, variant.chain), []).append(variant)
    together = {key: sound_repetitions(members) for key, members in together.items()}
    means = {key: _mean(members) for key, members in together.items()}
    found = tuple(_as_summed_up(one, known[key]) if key in known else one for key, one in means.items())
    files = {one.name: members[0].name for one, members in zip(found, together.values(), strict=True)}
    counts = {one.name: len(members) for one, members in zip(found, together.values(), strict=True)}
    worse = frozenset(
        one.name for one, members in zip(found, together.values(), strict=True) if all(map(_is_worse, members))
    )
    return JudgedChains(found, files, repetitions, counts, worse)


def sound_repetitions(members: Sequence[VariantMeasurement]) -> list[VariantMeasurement]:
    """Those of a chain that did not diverge; all where each did."""
    return [member for member in members if not member.diverged] or list(members)


def _is_worse(variant: VariantMeasurement) -> bool:
    """Whether its own test images show that it is less accurate than its baseline."""
    paired = variant.paired
    if paired is None or paired.difference >= 0:
        return False
    return (paired.p_value if paired.p_holm is None else paired.p_holm) < SIGNIFICANT


def _mean(members: Sequence[VariantMeasurement]) -> VariantMeasurement:
    """All numbers as means. What is made of several numbers and has no mean here is left out."""
    first = members[0]
    accuracies = [member.accuracy for member in members]
    is_timed = all(member.is_timed_in_turn for member in members)
    ratios = [member.latency_ratio_ci95 if is_timed else (1.0, 1.0) for member in members]
    update: dict[str, Any] = {
        name: _mean_number([getattr(member, name) for member in members])
        for name in type(first).model_fields
        if isinstance(getattr(first, name), int | float) and name not in NOT_MEANT
    }
    return first.model_copy(
        update=update
        | {
            "repeat": "",
            "diverged": any(member.diverged for member in members),
            "accuracy_ci95": (min(accuracies), max(accuracies)),
            "latency_p95_ms": max(member.latency_p95_ms for member in members),
            "latency_ratio_ci95": (min(low for low, _ in ratios), max(high for _, high in ratios)),
            "paired": _paired([member.paired for member in members if member.paired], len(members)),
            "auc": None,
            "confusion": (),
            "per_class": {},
            "threshold": None,
            "micro": _mean_micro([member.micro for member in members if member.micro], len(members)),
        }
    )


def _mean_number(values: Sequence[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    if len(there) < len(values):
        return None
    return round(fmean(there)) if all(isinstance(value, int) for value in there) else fmean(there)


def _mean_micro(files: Sequence[MicroFile], members: int) -> MicroFile | None:
    if not files or len(files) < members:
        return None
    sizes = ("model_bytes", "zip_bytes", "arena_bytes", "plain_arena_bytes")
    return files[0].model_copy(update={name: round(fmean(getattr(one, name) for one in files)) for name in sizes})


def _paired(pairs: Sequence[PairedComparison], members: int) -> PairedComparison | None:
    """Of all repetitions. They are its groups: images of one repetition are no independent witnesses."""
    if not pairs or len(pairs) < members:
        return None
    first = pairs[0]
    verdicts = {one.verdict for one in pairs}
    corrected = [one.p_holm for one in pairs if one.p_holm is not None]
    return first.model_copy(
        update={
            "images": sum(one.images for one in pairs),
            "groups": members,
            "won": sum(one.won for one in pairs),
            "lost": sum(one.lost for one in pairs),
            "difference": fmean(one.difference for one in pairs),
            "difference_ci95": (
                min(one.difference_ci95[0] for one in pairs),
                max(one.difference_ci95[1] for one in pairs),
            ),
            "bootstrap_ci95": None,
            "p_value": max(one.p_value for one in pairs),
            "p_holm": max(corrected) if len(corrected) == members else None,
            "verdict": first.verdict if len(verdicts) == 1 else "too few images",
            "recall": {name: _recall([one.recall[name] for one in pairs]) for name in first.recall},
        }
    )


def _recall(repetitions: Sequence[RecallComparison]) -> RecallComparison:
    """Of one class, over all repetitions."""
    first = repetitions[0]
    verdicts = {one.verdict for one in repetitions}
    return first.model_copy(
        update={
            "images": sum(one.images for one in repetitions),
            "groups": len(repetitions),
            "won": sum(one.won for one in repetitions),
            "lost": sum(one.lost for one in repetitions),
            "difference": fmean(one.difference for one in repetitions),
            "difference_ci95": (
                min(one.difference_ci95[0] for one in repetitions),
                max(one.difference_ci95[1] for one in repetitions),
            ),
            "verdict": first.verdict if len(verdicts) == 1 else "too few images",
        }
    )


def _as_summed_up(mean: VariantMeasurement, summary: ChainSummary) -> VariantMeasurement:
    """With the intervals of the means, and what they tell of the difference to the baseline."""
    update: dict[str, Any] = {"accuracy": summary.accuracy.mean}
    if summary.accuracy.ci95:
        update["accuracy_ci95"] = summary.accuracy.ci95
    if summary.latency_ratio and summary.latency_ratio.ci95 and mean.chain != BASELINE and mean.is_timed_in_turn:
        update["latency_ratio_ci95"] = summary.latency_ratio.ci95
    found = summary.difference
    if mean.paired and found and found.ci95 and found.p_value is not None:
        recall = {
            name: mean.paired.recall[name].model_copy(
                update={"difference": one.mean, "difference_ci95": one.ci95, "verdict": one.verdict}
            )
            for name, one in found.recall.items()
            if name in mean.paired.recall
        }
        update["paired"] = mean.paired.model_copy(
            update={
                "difference": found.mean,
                "difference_ci95": found.ci95,
                "p_value": found.p_value,
                "p_holm": found.p_holm,
                "max_drop": found.max_drop,
                "verdict": found.verdict,
                "recall": recall,
            }
        )
    return mean.model_copy(update=update)
