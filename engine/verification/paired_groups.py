"""Each variant against its baseline and its control, compared again on the images that both classify."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.contract.measurements import PairedComparison, VariantMeasurement
from engine.measurement.paired_comparison import holm, paired_comparison, recall_comparison, within_drop
from engine.verification.answered_images import AnsweredImages
from engine.verification.figure_comparison import compared_group
from engine.verification.verified_figures import FigureGroup


def paired_group(
    variant: VariantMeasurement,
    variants: Sequence[VariantMeasurement],
    answered: Mapping[str, AnsweredImages],
    stage_of: Mapping[str, str],
    damaged: Mapping[str, str],
) -> FigureGroup:
    """
    Args:
        answered: variant → its answers, of those that can be had.
        stage_of: variant → its stage: variants of one file count once in a correction for many.
        damaged: variant → why nothing can be held against it.
    """
    printed: dict[str, object] = {}
    found: dict[str, object] = {}
    why = ""
    for name, one in (("paired", variant.paired), ("paired_control", variant.paired_control)):
        if one is None:
            continue
        if one.against in damaged or one.against not in answered:
            why = damaged.get(one.against, f"{one.against} is not among the variants any more.")
            continue
        if one.groups is not None and not answered[variant.name].tested.has_groups:
            why = "Which images belong together is not known any more, as some are gone."
            continue
        again = _again(one, answered[one.against], answered[variant.name], list(variant.per_class))
        if name == "paired":
            again = _corrected(again, one, variant, variants, stage_of)
        printed[name], found[name] = one, again
    return compared_group("paired", printed, found, why)


def _again(
    printed: PairedComparison, against: AnsweredImages, own: AnsweredImages, classes: list[str]
) -> PairedComparison:
    tested = own.tested
    again = paired_comparison(tested.labels, against.predicted, own.predicted, tested.groups, printed.against)
    if printed.bootstrap_ci95 is None:
        again = again.model_copy(update={"bootstrap_ci95": None})
    answers = (tested.labels, against.predicted, own.predicted, tested.groups)
    recall = {
        name: recall_comparison(*answers, classes.index(name), one.max_drop) for name, one in printed.recall.items()
    }
    again = again.model_copy(update={"recall": recall})
    return again if printed.max_drop is None else within_drop(again, printed.max_drop)


def _corrected(
    again: PairedComparison,
    printed: PairedComparison,
    variant: VariantMeasurement,
    variants: Sequence[VariantMeasurement],
    stage_of: Mapping[str, str],
) -> PairedComparison:
    """With Holm's correction; the p values of the other variants are those printed, which are verified as their own."""
    if printed.p_holm is None:
        return again
    # The trials of a search that have one baseline are one family.
    family = stage_of.get(printed.against, printed.against)
    p_values = {
        stage_of.get(one.name, one.name): one.paired.p_value
        for one in variants
        if one.paired is not None and stage_of.get(one.paired.against, one.paired.against) == family
    }
    own = stage_of.get(variant.name, variant.name)
    p_values[own] = again.p_value
    corrected = dict(zip(p_values, holm(tuple(p_values.values())), strict=True))
    return again.model_copy(update={"p_holm": corrected[own]})
