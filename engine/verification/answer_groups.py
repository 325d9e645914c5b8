"""The figures that a variant's answers give, computed again from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.contract.measurements import DecisionThreshold, VariantMeasurement
from engine.measurement.accuracy import both_classes, share_equal, wilson_interval
from engine.measurement.figures_per_class import at_threshold, chosen_threshold, prediction_figures
from engine.store.prediction_file import Predictions
from engine.verification.answered_images import AnsweredImages
from engine.verification.figure_comparison import HOLDS_TO_DECIMALS, compared_group, equal_decimals
from engine.verification.verified_figures import DifferingFigure, FigureGroup

TOTALS = ("balanced_accuracy", "macro_f1", "mcc")
PER_CLASS = ("confusion", "per_class")
OF_PROBABILITIES = ("auc", "ece", "log_loss")
UNTESTED = {"sensitivity": None, "specificity": None, "accuracy": None}
"""A threshold without what it gives on the test images."""


def printed_nothing(value: object) -> bool:
    """Whether a figure is absent, as in a run of a version that did not tell it."""
    return value is None or value == () or value == {}


def answer_groups(
    variant: VariantMeasurement, answered: AnsweredImages, classes: Sequence[str]
) -> tuple[FigureGroup, ...]:
    """Accuracy, figures per class, and those of probabilities; without what the run did not print."""
    labels, decided = answered.tested.labels, answered.predicted
    right = int((decided == labels).sum())
    found: dict[str, object] = {
        "accuracy": right / len(labels),
        "accuracy_ci95": wilson_interval(right, len(labels)),
        **prediction_figures(labels, decided, answered.probabilities, classes),
    }
    groups = []
    for name, fields in (
        ("accuracy", ("accuracy", "accuracy_ci95", *TOTALS)),
        ("classes", PER_CLASS),
        ("probabilities", OF_PROBABILITIES),
    ):
        # A total that no class can give, such as a mean of no recalls, is absent now too.
        printed = {one: getattr(variant, one) for one in fields if not printed_nothing(getattr(variant, one))}
        if printed:
            groups.append(compared_group(name, printed, found))
    return tuple(groups)


def kept_answers_group(kept: Predictions, name: str, answered: AnsweredImages) -> FigureGroup:
    """The probabilities that the run kept for each test image, with those of now."""
    place, count = kept.place(name), len(answered.tested.paths)
    if kept.paths != answered.tested.paths or kept.probabilities[place].shape != answered.probabilities.shape:
        differing = DifferingFigure(
            figure="test images of the kept answers",
            printed=len(kept.paths),
            found=count,
            detail="The answers that the run kept are of other images than its test images.",
        )
        return FigureGroup(group="answers", compared=1, differing=(differing,))
    distance = np.abs(kept.probabilities[place].astype(np.float64) - answered.probabilities).max(axis=1)
    wrong = np.flatnonzero(distance >= 0.5 * 10.0**-HOLDS_TO_DECIMALS)
    changed = int((kept.predicted[place] != answered.predicted).sum())
    if not len(wrong) and not changed:
        return FigureGroup(group="answers", compared=count)
    worst = int(distance.argmax())
    of = int(np.abs(kept.probabilities[place, worst] - answered.probabilities[worst]).argmax())
    before, now = float(kept.probabilities[place, worst, of]), float(answered.probabilities[worst, of])
    differing = DifferingFigure(
        figure=f'probability of "{kept.classes[of]}" for {answered.tested.paths[worst]}',
        printed=before,
        found=now,
        equal_decimals=equal_decimals(before, now),
        detail=f"{len(wrong):,} of {count:,} test images have other probabilities, {changed:,} another class; this "
        "one differs most.",
    )
    return FigureGroup(group="answers", compared=count, differing=(differing,))


def agreement_group(variant: VariantMeasurement, answered: AnsweredImages, baseline: AnsweredImages) -> FigureGroup:
    found = share_equal(answered.predicted, baseline.predicted)
    return compared_group("agreement", {"agreement": variant.agreement}, {"agreement": found})


def threshold_group(
    printed: DecisionThreshold,
    answered: AnsweredImages,
    carried: DecisionThreshold | None,
    validation: tuple[np.ndarray, np.ndarray] | None,
    classes: Sequence[str],
    why: str,
) -> FigureGroup:
    """
    Args:
        carried: the threshold in the file itself.
        validation: labels int64 (n,), and outputs float32 (n, classes or 1); None: they cannot be had.
        why: why not.
    """
    plain = printed.model_copy(update=UNTESTED)
    pairs: dict[str, tuple[object, object]] = {"threshold in the file": (plain, carried)}
    # A version that did not test it printed none of these.
    if printed.sensitivity is not None or printed.accuracy is not None:
        pairs["threshold"] = (printed, at_threshold(plain, answered.tested.labels, answered.probabilities))
    if validation is not None:
        labels, output = validation
        chosen = chosen_threshold(labels, both_classes(output), classes, printed.wanted_sensitivity)
        pairs["threshold chosen"] = (plain, chosen)
    return compared_group(
        "threshold",
        {name: pair[0] for name, pair in pairs.items()},
        {name: pair[1] for name, pair in pairs.items()},
        "" if validation is not None else why,
    )
