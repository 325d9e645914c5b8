"""Mean, deviation and interval over the repetitions of a study, against formulas, scipy and simulations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from engine.measurement.accuracy import wilson_interval
from engine.measurement.difference_intervals import score_interval
from engine.measurement.repeated_scores import Repetition, repeated_figure, repeated_score

SEEDS, IMAGES, TRAINED_ON = 5, 200, 800


def wilson(mean: float, plus: int, minus: int, witnesses: int) -> tuple[float, float]:
    return wilson_interval(round(mean * witnesses), witnesses)


def tango(mean: float, plus: int, minus: int, witnesses: int) -> tuple[float, float]:
    return score_interval(plus, minus, witnesses)


def repetitions(
    scores: np.ndarray, same: bool = True, groups: Sequence[str] = (), train: int = 800
) -> list[Repetition]:
    return [Repetition(one, "all" if same else str(place), groups, train) for place, one in enumerate(scores)]


def right(generator: np.random.Generator, share: float = 0.8) -> np.ndarray:
    return (generator.random((SEEDS, IMAGES)) < share).astype(int)


def test_mean_and_deviation_are_those_of_the_repetitions() -> None:
    scores = right(np.random.default_rng(1))
    figure, _ = repeated_score(repetitions(scores), wilson)
    values = scores.mean(axis=1)
    assert figure.values == pytest.approx(tuple(values))
    assert figure.mean == pytest.approx(values.mean())
    assert figure.deviation == pytest.approx(values.std(ddof=1))


def test_crossed_variance_is_that_of_the_two_way_analysis() -> None:
    """By expected mean squares: t² MS of seeds + t² (MS of images − MS of the rest), over seeds × images; at least
    t² MS of images."""
    scores = right(np.random.default_rng(2)).astype(float)
    seeds, images = scores.shape
    of_seed, of_image, mean = scores.mean(1), scores.mean(0), scores.mean()
    ms_seeds = images * ((of_seed - mean) ** 2).sum() / (seeds - 1)
    ms_images = seeds * ((of_image - mean) ** 2).sum() / (images - 1)
    ms_rest = ((scores - of_seed[:, None] - of_image + mean) ** 2).sum() / ((seeds - 1) * (images - 1))
    squares = (
        stats.t.ppf(0.975, seeds - 1) ** 2 * ms_seeds,
        stats.t.ppf(0.975, images - 1) ** 2 * max(ms_images - ms_rest, 0),
    )
    half = max(
        (sum(squares) / (seeds * images)) ** 0.5,
        stats.t.ppf(0.975, images - 1) * of_image.std(ddof=1) / images**0.5,
    )
    figure, _ = repeated_score(repetitions(scores), wilson)
    assert figure.ci95 == pytest.approx((mean - half, mean + half), abs=1e-9)


@pytest.mark.parametrize("of_a_group", [1, 3, 9])
def test_the_interval_is_never_narrower_than_what_other_images_leave_open(of_a_group: int) -> None:
    """Three seeds whose networks each predict one class only, so that their means agree and their answers do not."""
    label = np.repeat([0, 1], 54)
    patients = [f"patient {place // of_a_group}" for place in range(108)]
    generator = np.random.default_rng(6)
    for _ in range(20):
        baseline = np.repeat(generator.random(108 // of_a_group) < 0.6, of_a_group).astype(int)
        scores = np.stack([(label == answer) - baseline for answer in generator.integers(2, size=3)])
        of_patient = scores.mean(axis=0).reshape(-1, of_a_group).mean(axis=1)
        alone = stats.t.interval(0.95, len(of_patient) - 1, of_patient.mean(), stats.sem(of_patient))
        figure, _ = repeated_score(repetitions(scores, groups=patients if of_a_group > 1 else ()), tango)
        assert figure.ci95[0] <= alone[0] + 1e-9
        assert figure.ci95[1] >= alone[1] - 1e-9


@pytest.mark.parametrize("same", [True, False])
def test_p_is_below_5_percent_where_the_interval_leaves_out_0(same: bool) -> None:
    generator = np.random.default_rng(7)
    told = set()
    for lost in np.linspace(0.01, 0.15, 60):
        scores = -(generator.random((3, 60)) < lost).astype(int)
        figure, p_value = repeated_score(repetitions(scores, same), tango)
        leaves_out_0 = figure.ci95[1] < 0.0
        assert leaves_out_0 == (p_value < 0.05), (figure, p_value)
        told.add(leaves_out_0)
    assert told == {True, False}


def test_a_chain_that_is_wrong_everywhere_differs() -> None:
    figure, p_value = repeated_score(repetitions(-np.ones((3, 40), dtype=int)), tango)
    assert figure.ci95[1] < 0.0
    assert p_value < 0.001


def test_resampled_interval_is_the_corrected_t_interval() -> None:
    scores = right(np.random.default_rng(3))
    values = scores.mean(axis=1)
    half = stats.t.ppf(0.975, SEEDS - 1) * (values.var(ddof=1) * (1 / SEEDS + IMAGES / TRAINED_ON)) ** 0.5
    figure, _ = repeated_score(repetitions(scores, same=False), wilson)
    assert figure.ci95 == pytest.approx((values.mean() - half, values.mean() + half))


def test_equal_means_by_chance_leave_what_the_images_leave_open() -> None:
    scores = np.stack([np.random.default_rng(seed).permutation([1, 0] * 10) for seed in range(3)])
    figure, p_value = repeated_score(repetitions(scores, same=False), wilson)
    assert figure.deviation == 0
    assert figure.ci95[0] < 0.35
    assert figure.ci95[1] > 0.65
    none = np.zeros((3, 50), dtype=int)
    for same in (True, False):
        figure, p_value = repeated_score(repetitions(none, same), tango)
        assert p_value == 1.0
        assert figure.ci95 == pytest.approx(score_interval(0, 0, 50))


def test_one_repetition_has_the_interval_of_its_images() -> None:
    scores = np.array([[1] * 30 + [0] * 20])
    figure, p_value = repeated_score(repetitions(scores), wilson)
    assert figure.ci95 == wilson_interval(30, 50)
    assert figure.deviation is None
    assert np.isnan(p_value)


def test_groups_that_change_together_widen_the_interval() -> None:
    patients = [f"patient {place // 10}" for place in range(IMAGES)]
    generator = np.random.default_rng(5)
    scores = np.repeat(generator.random((1, IMAGES // 10)) < 0.7, 10, axis=1).repeat(SEEDS, axis=0).astype(int)
    scores ^= generator.random(scores.shape) < 0.02
    alone, _ = repeated_score(repetitions(scores), wilson)
    grouped, _ = repeated_score(repetitions(scores, groups=patients), wilson)
    assert _width(grouped.ci95) > 2 * _width(alone.ci95)


def test_few_groups_leave_open_what_groups_leave_open() -> None:
    """Of 48 images in 8 groups nothing changes: a group may still lose all its images."""
    patients = [f"patient {place // 6}" for place in range(48)]
    none = np.zeros((3, 48), dtype=int)
    for same in (True, False):
        figure, _ = repeated_score(repetitions(none, same, patients), tango)
        assert figure.ci95 == pytest.approx(score_interval(0, 0, 8))


def test_an_accuracy_of_one_is_not_certain_and_none_leaves_its_range() -> None:
    perfect = np.ones((3, 40), dtype=int)
    for same in (True, False):
        figure, _ = repeated_score(repetitions(perfect, same), wilson, (0.0, 1.0))
        assert figure.ci95 == (pytest.approx(wilson_interval(40, 40)[0]), 1.0)
    wide, _ = repeated_score(repetitions(np.array([[1, 1], [0, 0]]), same=False), wilson, (0.0, 1.0))
    assert wide.ci95 == (0.0, 1.0)
    assert repeated_figure((0.9, 1.0), (0.0, 1.0)).ci95[1] == 1.0


def test_a_plain_figure_has_students_interval() -> None:
    values = (1.0, 1.5, 1.2)
    expected = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
    assert repeated_figure(values).ci95 == pytest.approx(expected)
    assert repeated_figure((1.0,)).ci95 is None


def _width(interval: tuple[float, float]) -> float:
    return interval[1] - interval[0]
