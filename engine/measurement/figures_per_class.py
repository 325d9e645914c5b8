"""What a file's predictions say per class: confusion, rates, areas under curves, calibration, and a threshold.

All figures are those of scikit-learn, which the tests compare them with; a figure that the images cannot give, such as
the precision of a class that is never predicted, is None.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from engine.contract.measurements import ClassAreas, ClassFigures, DecisionThreshold

RELIABILITY_BINS = 15
"""Of equal width over the probability of the predicted class (Guo et al. 2017)."""


def confusion_matrix(labels: np.ndarray, predictions: np.ndarray, classes: int) -> np.ndarray:
    """int64 (classes, classes): rows are true classes, columns predicted ones."""
    return np.bincount(labels * classes + predictions, minlength=classes**2).reshape(classes, classes)


def class_figures(confusion: np.ndarray, names: Sequence[str]) -> dict[str, ClassFigures]:
    """Class → precision, recall (sensitivity), specificity and F1, from a confusion matrix."""
    hits, total = np.diag(confusion), confusion.sum()
    support, predictions = confusion.sum(axis=1), confusion.sum(axis=0)
    return {
        name: ClassFigures(
            precision=_share(hits[place], predictions[place]),
            recall=_share(hits[place], support[place]),
            specificity=_share(total - support[place] - predictions[place] + hits[place], total - support[place]),
            f1=_share(2 * hits[place], support[place] + predictions[place]),
            support=int(support[place]),
        )
        for place, name in enumerate(names)
    }


def mean_of(values: Sequence[float | None]) -> float | None:
    """The mean of those that there are; None of none."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def matthews_correlation(confusion: np.ndarray) -> float:
    """Gorodkin 2004, equation 8, for any number of classes; 0 where one class has all labels or all predictions."""
    support, predictions = (confusion.sum(axis=axis).astype(np.float64) for axis in (1, 0))
    total, hits = float(confusion.sum()), float(np.trace(confusion))
    covariance = hits * total - support @ predictions
    spread = (total**2 - predictions @ predictions) * (total**2 - support @ support)
    return float(covariance / math.sqrt(spread)) if spread > 0 else 0.0


def area_under_roc(positive: np.ndarray, scores: np.ndarray) -> float | None:
    """The share of (positive, negative) pairs in which the positive has the higher score; ties count half.

    Args:
        positive: bool (n,).
        scores: (n,), higher for the positive.
    """
    from scipy.stats import rankdata

    count = int(positive.sum())
    others = len(positive) - count
    if not count or not others:
        return None
    ranks = rankdata(scores)
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * others))


def class_areas(labels: np.ndarray, probabilities: np.ndarray, names: Sequence[str]) -> ClassAreas:
    """The area under each class's ROC curve against the rest, and their mean."""
    areas = {name: area_under_roc(labels == place, probabilities[:, place]) for place, name in enumerate(names)}
    return ClassAreas(macro=mean_of(list(areas.values())), per_class=areas)


def roc_curve(positive: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """False positive rate, true positive rate and threshold, from the strictest threshold on; float64 each.

    A score counts as positive from its threshold on. The first point is (0, 0) with an infinite threshold.
    """
    thresholds, hits, alarms = _counts_by_threshold(positive, scores)
    count = max(int(positive.sum()), 1)
    others = max(len(positive) - int(positive.sum()), 1)
    return alarms / others, hits / count, thresholds


def precision_recall_curve(positive: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Precision and recall from the strictest threshold on; float64 each."""
    _, hits, alarms = _counts_by_threshold(positive, scores)
    return hits[1:] / (hits[1:] + alarms[1:]), hits[1:] / max(int(positive.sum()), 1)


def reliability(
    labels: np.ndarray, predictions: np.ndarray, probabilities: np.ndarray, bins: int = RELIABILITY_BINS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean probability of the predicted class, share that is right, and images, of each bin: (bins,) each.

    Bins are (low, high], of equal width from 0 to 1; the first two are NaN where a bin is empty.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = predictions == labels
    bin_of = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    images = np.bincount(bin_of, minlength=bins)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(bin_of, confidence, bins) / images
        share = np.bincount(bin_of, right, bins) / images
    return mean, share, images


def expected_calibration_error(labels: np.ndarray, predictions: np.ndarray, probabilities: np.ndarray) -> float:
    """Σ over the bins of (images / all) · |share right − mean probability| (Guo et al. 2017, equation 3)."""
    mean, share, images = reliability(labels, predictions, probabilities)
    there = images > 0
    return float(np.sum(images[there] * np.abs(share[there] - mean[there])) / len(labels))


def log_loss(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """The mean of −ln of the probability of the true class, in nats; float32's smallest step stands for zero."""
    least = float(np.finfo(np.float32).eps)
    of_truth = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.clip(of_truth, least, 1 - least)).mean())


def chosen_threshold(
    labels: np.ndarray, probabilities: np.ndarray, names: Sequence[str], sensitivity: float = 0.0
) -> DecisionThreshold | None:
    """From which probability of the second class on to decide for it, chosen on these images; None of one class only.

    Args:
        labels: int64 (n,), 0 or 1.
        probabilities: (n, 2).
        sensitivity: the recall of the second class that is wanted, in which case the highest threshold that has it is
            taken; 0: the threshold of the greatest sensitivity + specificity − 1 (Youden 1950).
    """
    positive = labels == 1
    if not positive.any() or positive.all():
        return None
    false, true, thresholds = roc_curve(positive, probabilities[:, 1])
    chosen = int(np.argmax(true >= sensitivity)) if sensitivity else int(np.argmax(true - false))
    # Between two scores, so that a file that rounds a little otherwise decides the same.
    below = probabilities[:, 1][probabilities[:, 1] < thresholds[chosen]]
    value = (float(thresholds[chosen]) + float(below.max())) / 2 if len(below) else float(thresholds[chosen])
    if not np.isfinite(value):
        value = float(np.nextafter(np.float32(probabilities[:, 1].max()), np.float32(2)))
    return DecisionThreshold(
        positive=names[1],
        value=value,
        wanted_sensitivity=sensitivity,
        validation_sensitivity=float(true[chosen]),
        validation_specificity=float(1 - false[chosen]),
        validation_images=len(labels),
    )


def at_threshold(threshold: DecisionThreshold, labels: np.ndarray, probabilities: np.ndarray) -> DecisionThreshold:
    """The threshold with what it gives on the test images."""
    decided = (probabilities[:, 1] >= threshold.value).astype(np.int64)
    figures = class_figures(confusion_matrix(labels, decided, 2), ("negative", threshold.positive))[threshold.positive]
    return threshold.model_copy(
        update={
            "sensitivity": figures.recall,
            "specificity": figures.specificity,
            "accuracy": float(np.mean(decided == labels)),
        }
    )


def untested(threshold: DecisionThreshold | None) -> DecisionThreshold | None:
    """Without what it gives on the test images: that is measured with the file that carries it."""
    return threshold and threshold.model_copy(update={"sensitivity": None, "specificity": None, "accuracy": None})


def prediction_figures(
    labels: np.ndarray, predictions: np.ndarray, probabilities: np.ndarray, names: Sequence[str]
) -> dict[str, object]:
    """The fields of a variant's measurement that its predictions on the test images give.

    Args:
        labels, predictions: int64 (n,).
        probabilities: float32 (n, classes).
    """
    confusion = confusion_matrix(labels, predictions, len(names))
    per_class = class_figures(confusion, names)
    return {
        "confusion": tuple(tuple(map(int, row)) for row in confusion),
        "per_class": per_class,
        "auc": class_areas(labels, probabilities, names),
        "balanced_accuracy": mean_of([one.recall for one in per_class.values()]),
        "macro_f1": mean_of([one.f1 for one in per_class.values()]),
        "mcc": matthews_correlation(confusion),
        "ece": expected_calibration_error(labels, predictions, probabilities),
        "log_loss": log_loss(labels, probabilities),
    }


def _share(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None


def _counts_by_threshold(positive: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Threshold, and how many positives and how many others reach it; a row before the first where none does."""
    order = np.argsort(-scores, kind="stable")
    ranked, is_positive = scores[order].astype(np.float64), positive[order]
    last_of_equal = np.r_[np.flatnonzero(np.diff(ranked)), len(ranked) - 1]
    hits = np.cumsum(is_positive)[last_of_equal]
    alarms = 1 + last_of_equal - hits
    return np.r_[np.inf, ranked[last_of_equal]], np.r_[0, hits], np.r_[0, alarms]
