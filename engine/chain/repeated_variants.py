"""Sums up the variants of a study that is repeated: each chain over its seeds and folds. No TensorFlow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf
from typing import Any

import numpy as np

from engine.advice.repeated_chains import sound_repetitions
from engine.chain.classified_images import ClassifiedImages
from engine.chain.paired_variants import NO_TARGET
from engine.contract.measurements import VariantMeasurement
from engine.contract.recipe import BASELINE
from engine.contract.repeated_results import ChainSummary, RepeatedComparison, RepeatedFigure, RepeatedRecall
from engine.contract.target_settings import TargetSettings
from engine.measurement.accuracy import wilson_interval
from engine.measurement.difference_intervals import score_interval
from engine.measurement.paired_comparison import drop_verdict, holm
from engine.measurement.repeated_scores import Repetition, repeated_figure, repeated_score

OF_IMAGES = frozenset(("agreement", "balanced_accuracy", "macro_f1"))
"""Without an interval: the repetitions alone do not tell what other test images would give."""
PLAIN_FIGURES = (
    "agreement",
    "balanced_accuracy",
    "macro_f1",
    "sparsity_fraction",
    "model_bytes",
    "zip_bytes",
    "nonzero_parameters",
    "macs",
    "latency_p50_ms",
    "latency_ratio",
    "peak_memory_bytes",
)


def _accuracy_interval(mean: float, plus: int, minus: int, witnesses: int) -> tuple[float, float]:
    return wilson_interval(round(mean * witnesses), witnesses)


def _difference_interval(mean: float, plus: int, minus: int, witnesses: int) -> tuple[float, float]:
    return score_interval(plus, minus, witnesses)


def summarised(
    variants: Sequence[VariantMeasurement],
    classified: Mapping[str, ClassifiedImages],
    folds: int = 0,
    target: TargetSettings = NO_TARGET,
) -> tuple[ChainSummary, ...]:
    """One summary per chain and image setting, in the order of the variants; none where nothing is repeated.

    Repetitions that diverged are no result, so they are left out where a chain has others.

    Args:
        classified: variant → what its file predicts.
        folds: of the recipe.
        target: what the chains may lose against the baseline.
    """
    if not any(variant.repeat for variant in variants):
        return ()
    together: dict[tuple[str, str], list[VariantMeasurement]] = defaultdict(list)
    for variant in variants:
        together[variant.chain, variant.setting].append(variant)
    for key, members in together.items():
        together[key] = sound_repetitions(members)
    baselines = {variant.branch: variant.name for variant in variants if variant.chain == BASELINE}
    found = tuple(_summary(members, classified, baselines, folds, target) for members in together.values())
    return _corrected(found)


def _summary(
    members: Sequence[VariantMeasurement],
    classified: Mapping[str, ClassifiedImages],
    baselines: Mapping[str, str],
    folds: int,
    target: TargetSettings,
) -> ChainSummary:
    first = members[0]
    own = [classified[member.name] for member in members]
    right = [_repetition(one) for one in own]
    accuracy, _ = repeated_score(right, _accuracy_interval, (0.0, 1.0))
    return ChainSummary(
        chain=first.chain,
        setting=first.setting,
        steps=first.steps,
        repeats=tuple(member.repeat for member in members),
        seeds=tuple(member.seed or 0 for member in members),
        folds=folds,
        same_test_images=len({one.test_images for one in own}) == 1,
        accuracy=accuracy,
        difference=_difference(members, classified, baselines, target),
        **_plain_figures(members),
    )


def _plain_figures(members: Sequence[VariantMeasurement]) -> dict[str, RepeatedFigure]:
    values = {name: [getattr(member, name) for member in members] for name in PLAIN_FIGURES}
    return {
        name: repeated_figure(of, (0.0, 1.0 if name == "sparsity_fraction" else inf), name not in OF_IMAGES)
        for name, of in values.items()
        if all(one is not None for one in of)
    }


def _difference(
    members: Sequence[VariantMeasurement],
    classified: Mapping[str, ClassifiedImages],
    baselines: Mapping[str, str],
    target: TargetSettings,
) -> RepeatedComparison | None:
    if members[0].chain == BASELINE or members[0].dataset:
        return None
    scores = []
    for member in members:
        ours, theirs = _repetition(classified[member.name]), _repetition(classified[baselines[member.branch]])
        scores.append(replace(ours, scores=ours.scores - theirs.scores))
    figure, p_value = repeated_score(scores, _difference_interval)
    asked: dict[str, Any] = {}
    if target.max_accuracy_drop and figure.ci95:
        drop = target.max_accuracy_drop
        asked = {"max_drop": drop, "verdict": drop_verdict(figure.ci95, drop)}
    known = p_value if len(members) > 1 else None
    own = [classified[member.name] for member in members]
    recall = {
        of: _recall(scores, [one.labels == one.classes.index(of) for one in own], drop)
        for of, drop in target.max_recall_drop.items()
    }
    return RepeatedComparison(**figure.model_dump(), p_value=known, **asked, recall=recall)


def _recall(scores: Sequence[Repetition], of_class: Sequence[np.ndarray], max_drop: float) -> RepeatedRecall:
    """Of one class.

    Args:
        of_class: which test images of each repetition are of it, bool (images,).
    """
    own = []
    for one, mask in zip(scores, of_class, strict=True):
        places = np.flatnonzero(mask)
        groups = [one.groups[place] for place in places.tolist()] if one.groups else ()
        # As many for each test image as in the whole study: so much do the repetitions overlap.
        train_images = round(one.train_images * len(places) / len(mask))
        own.append(Repetition(one.scores[places], one.images, groups, train_images))
    if not all(len(one.scores) for one in own):
        everything = RepeatedFigure(mean=0.0, deviation=None, ci95=(-1.0, 1.0), values=())
        return RepeatedRecall(**everything.model_dump(), max_drop=max_drop, verdict="too few images")
    figure, _ = repeated_score(own, _difference_interval)
    assert figure.ci95 is not None
    return RepeatedRecall(**figure.model_dump(), max_drop=max_drop, verdict=drop_verdict(figure.ci95, max_drop))


def _repetition(one: ClassifiedImages) -> Repetition:
    right = (one.predicted == one.labels).astype("int64")
    return Repetition(right, one.test_images, one.groups, one.train_images)


def _corrected(summaries: tuple[ChainSummary, ...]) -> tuple[ChainSummary, ...]:
    """With p values corrected for all chains of an image setting."""
    corrected: dict[str, float] = {}
    for setting in dict.fromkeys(one.setting for one in summaries):
        tested = {
            one.name: one.difference.p_value
            for one in summaries
            if one.setting == setting and one.difference and one.difference.p_value is not None
        }
        corrected |= dict(zip(tested, holm(tuple(tested.values())), strict=True))
    return tuple(
        one.model_copy(update={"difference": one.difference.model_copy(update={"p_holm": corrected[one.name]})})
        if one.difference and one.name in corrected
        else one
        for one in summaries
    )
