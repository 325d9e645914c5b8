"""Figures per class: those of scikit-learn, on predictions of every kind."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn import metrics

from engine.contract.measurements import ClassAreas, ClassFigures
from engine.measurement import figures_per_class
from engine.measurement.figures_per_class import (
    at_threshold,
    chosen_threshold,
    precision_recall_curve,
    prediction_figures,
    reliability,
    roc_curve,
)

NAMES = ("cat", "dog", "emu", "fox")


def _predictions(classes: int, seed: int, images: int = 400, coarse: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and probabilities that lean towards them; `coarse`: of an int8 file, with ties and zeros."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, images)
    scores = generator.normal(size=(images, classes)) * 2
    scores[np.arange(images), labels] += 1.5
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    if coarse:
        probabilities = np.round(probabilities * 16) / 16
        if classes == 2:
            probabilities[:, 1] = 1 - probabilities[:, 0]
    return labels, probabilities.astype(np.float32)


@pytest.mark.parametrize("coarse", [False, True], ids=["float", "int8"])
@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("seed", range(3))
def test_every_figure_is_that_of_scikit_learn(classes: int, seed: int, coarse: bool) -> None:
    labels, probabilities = _predictions(classes, seed, coarse=coarse)
    predictions, names = probabilities.argmax(axis=1), NAMES[:classes]
    found = prediction_figures(labels, predictions, probabilities, names)
    assert found["confusion"] == tuple(map(tuple, metrics.confusion_matrix(labels, predictions).tolist()))
    assert found["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(labels, predictions))
    assert found["macro_f1"] == pytest.approx(metrics.f1_score(labels, predictions, average="macro"))
    assert found["mcc"] == pytest.approx(metrics.matthews_corrcoef(labels, predictions))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Rows of an int8 file do not add up to 1.
        assert found["log_loss"] == pytest.approx(metrics.log_loss(labels, probabilities), rel=1e-5)
    rates = metrics.precision_recall_fscore_support(labels, predictions)
    areas = found["auc"]
    assert isinstance(areas, ClassAreas)
    for place, (name, precision, recall, f1, support) in enumerate(zip(names, *rates, strict=True)):
        one = found["per_class"][name]  # type: ignore[index]
        assert (one.precision, one.recall, one.f1) == pytest.approx((precision, recall, f1))
        assert one.support == support
        specificity = metrics.recall_score(labels != place, predictions != place)
        assert one.specificity == pytest.approx(specificity)
        area = metrics.roc_auc_score(labels == place, probabilities[:, place])
        assert areas.per_class[name] == pytest.approx(area)
    assert areas.macro == pytest.approx(np.mean(list(areas.per_class.values())))


def test_curves_are_those_of_scikit_learn() -> None:
    labels, probabilities = _predictions(2, 5, coarse=True)
    positive, scores = labels == 1, probabilities[:, 1]
    false, true, thresholds = metrics.roc_curve(positive, scores, drop_intermediate=False)
    for ours, theirs in zip(roc_curve(positive, scores), (false, true, thresholds), strict=True):
        np.testing.assert_allclose(ours, theirs)
    precision, recall, _ = metrics.precision_recall_curve(positive, scores)
    ours_precision, ours_recall = precision_recall_curve(positive, scores)
    np.testing.assert_allclose(ours_precision[::-1], precision[:-1])
    np.testing.assert_allclose(ours_recall[::-1], recall[:-1])


def test_what_the_images_cannot_say_is_none() -> None:
    labels, predictions = np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1])
    probabilities = np.eye(4, dtype=np.float32)[predictions]
    found = prediction_figures(labels, predictions, probabilities, NAMES)
    assert found["per_class"]["fox"] == ClassFigures(precision=None, recall=None, specificity=1.0, f1=None, support=0)  # type: ignore[index]
    assert found["balanced_accuracy"] == 0.75
    assert found["auc"].per_class["emu"] is None  # type: ignore[attr-defined]
    assert found["macro_f1"] == pytest.approx(metrics.f1_score(labels, predictions, average="macro"))


def test_calibration_error_by_hand() -> None:
    """Two bins: of 0.9 half are right, of 0.55 all are."""
    probabilities = np.array([[0.9, 0.1]] * 4 + [[0.45, 0.55]] * 4, dtype=np.float32)
    labels = np.array([0, 0, 1, 1, 1, 1, 1, 1])
    predictions = probabilities.argmax(axis=1)
    error = figures_per_class.expected_calibration_error(labels, predictions, probabilities)
    assert error == pytest.approx(0.5 * 0.4 + 0.5 * 0.45, abs=1e-6)
    mean, share, images = reliability(labels, predictions, probabilities)
    assert images.sum() == 8
    there = images > 0
    np.testing.assert_allclose(mean[there], [0.55, 0.9], atol=1e-6)
    np.testing.assert_allclose(share[there], [1.0, 0.5])


def test_the_threshold_is_youdens_or_has_the_wanted_sensitivity() -> None:
    labels, probabilities = _predictions(2, 9)
    youden = chosen_threshold(labels, probabilities, ("well", "ill"))
    assert youden is not None
    decided = probabilities[:, 1] >= youden.value
    best = max(
        metrics.recall_score(labels, probabilities[:, 1] >= border)
        + metrics.recall_score(labels, probabilities[:, 1] >= border, pos_label=0)
        for border in np.unique(probabilities[:, 1])
    )
    assert metrics.recall_score(labels, decided) + metrics.recall_score(labels, decided, pos_label=0) == pytest.approx(
        best
    )
    assert youden.validation_sensitivity == pytest.approx(metrics.recall_score(labels, decided))
    assert youden.validation_specificity == pytest.approx(metrics.recall_score(labels, decided, pos_label=0))
    wanted = chosen_threshold(labels, probabilities, ("well", "ill"), sensitivity=0.95)
    assert wanted is not None
    assert wanted.value < youden.value
    found = metrics.recall_score(labels, probabilities[:, 1] >= wanted.value)
    assert 0.95 <= found == pytest.approx(wanted.validation_sensitivity)
    tested = at_threshold(wanted, labels, probabilities)
    assert tested.sensitivity == pytest.approx(found)
    assert tested.accuracy == pytest.approx(np.mean((probabilities[:, 1] >= wanted.value) == labels))
    assert chosen_threshold(np.ones(4, int), probabilities[:4], ("well", "ill")) is None
