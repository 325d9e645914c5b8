"""Paired tests and intervals: against SciPy and statsmodels' definitions, by enumeration, and by simulated studies."""

from __future__ import annotations

import itertools
import timeit

import numpy as np
import pytest
from scipy.stats import binom, bootstrap, permutation_test
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from engine.measurement.difference_intervals import (
    bootstrap_interval,
    grouped_bootstrap_interval,
    grouped_interval,
    images_per_witness,
    score_interval,
)
from engine.measurement.paired_comparison import (
    exchange_p_value,
    holm,
    mcnemar_p_value,
    paired_comparison,
    smallest_drop,
    within_drop,
)
from tests.engine.measurement.simulated_patients import Truth


@pytest.mark.parametrize(("won", "lost"), [(0, 0), (1, 0), (6, 0), (5, 9), (30, 30), (3, 41)])
def test_mcnemar_is_the_two_sided_binomial(won: int, lost: int) -> None:
    """As statsmodels' mcnemar(exact=True): twice the smaller tail, at most 1."""
    expected = min(1.0, 2 * binom.cdf(min(won, lost), won + lost, 0.5)) if won + lost else 1.0
    assert mcnemar_p_value(won, lost) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("won", "lost"), [(1, 0), (6, 0), (5, 9), (30, 30), (3, 41)])
def test_mcnemar_is_that_of_statsmodels(won: int, lost: int) -> None:
    expected = mcnemar([[50, lost], [won, 20]], exact=True).pvalue
    assert mcnemar_p_value(won, lost) == pytest.approx(expected, rel=1e-9)


def test_holm_is_that_of_statsmodels() -> None:
    generator = np.random.default_rng(4)
    for count in (1, 2, 7):
        p_values = generator.random(count) ** 3
        assert holm(p_values.tolist()) == pytest.approx(multipletests(p_values, method="holm")[1])


@pytest.mark.parametrize(("won", "lost", "same"), [(12, 30, 158), (40, 10, 450)])
def test_the_bootstrap_is_that_of_scipy(won: int, lost: int, same: int) -> None:
    first = np.repeat((0, 1, 1), (won, lost, same))
    second = np.repeat((1, 0, 1), (won, lost, same))
    found = bootstrap(
        (first, second), lambda one, other, axis: (other - one).mean(axis=axis), paired=True, method="percentile",
        n_resamples=20_000, rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    assert bootstrap_interval(won, lost, won + lost + same) == pytest.approx(tuple(found), abs=0.006)


def test_six_images_are_the_fewest() -> None:
    assert next(count for count in range(12) if mcnemar_p_value(count, 0) < 0.05) == 6


def test_holm_by_its_definition() -> None:
    p_values = (0.01, 0.04, 0.03, 0.005)
    assert holm(p_values) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm((0.9, 0.8)) == (1.0, 1.0)
    assert holm(()) == ()
    generator = np.random.default_rng(3)
    for _ in range(20):
        drawn = generator.random(7) ** 3
        found = holm(drawn.tolist())
        for place, one in enumerate(drawn):
            smaller = np.sort(drawn[drawn <= one])
            by_hand = max(min(1.0, (7 - rank) * value) for rank, value in enumerate(smaller))
            assert found[place] == pytest.approx(by_hand)


def test_groups_are_exchanged_as_in_scipy() -> None:
    sums = np.array([3, -1, 2, 0, 4, 1, -2])
    expected = permutation_test(
        (sums, np.zeros_like(sums)), lambda one, two: np.sum(one - two), permutation_type="samples", n_resamples=np.inf
    ).pvalue
    assert exchange_p_value(sums) == pytest.approx(expected)
    many = np.tile(sums, 5)
    exact = sum(count for total, count in _sums_by_sign(many[many != 0]).items() if abs(total) >= abs(many.sum()))
    assert exchange_p_value(many) == pytest.approx(exact, abs=0.005)


def _sums_by_sign(values: np.ndarray) -> dict[int, float]:
    """Sum → its probability where each value has a random sign, by convolution."""
    found = {0: 1.0}
    for value in map(int, values):
        after: dict[int, float] = {}
        for (total, share), sign in itertools.product(found.items(), (-1, 1)):
            after[total + sign * value] = after.get(total + sign * value, 0.0) + share / 2
        found = after
    return found


def test_what_is_told_of_two_files() -> None:
    labels = np.zeros(100, dtype=np.int64)
    first, second = labels.copy(), labels.copy()
    first[:10], second[5:12] = 1, 1
    found = paired_comparison(labels, first, second, against="baseline")
    assert (found.won, found.lost, found.images, found.groups) == (5, 2, 100, None)
    assert found.difference == pytest.approx(0.03)
    assert found.difference_ci95[0] < 0.03 < found.difference_ci95[1]
    assert found == paired_comparison(labels, first, second, [""] * 100, "baseline"), "the same each time"
    alone = paired_comparison(labels, first, second, [f"{place}" for place in range(100)], "baseline")
    assert alone == found, "groups of one image are no groups"


@pytest.mark.parametrize(("won", "lost", "total"), [(0, 0, 100), (0, 1, 60), (5, 2, 100), (12, 1, 14), (40, 90, 900)])
def test_the_score_interval_is_what_the_score_test_does_not_reject(won: int, lost: int, total: int) -> None:
    """Tango 1998, with the share that lost found by search instead of by his formula."""

    def score(difference: float) -> float:
        least = max(0.0, -difference)
        shares = np.linspace(least, (1 - difference) / 2, 200_001)[1:-1]
        with np.errstate(divide="ignore", invalid="ignore"):
            likelihood = (
                (won * np.log(shares + difference) if won else 0.0)
                + (lost * np.log(shares) if lost else 0.0)
                + (total - won - lost) * np.log(1 - 2 * shares - difference)
            )
        share = shares[np.nanargmax(likelihood)]
        return (won - lost - total * difference) / np.sqrt(total * (2 * share + difference * (1 - difference)))

    low, high = score_interval(won, lost, total)
    assert score(low) == pytest.approx(1.96, abs=0.02)
    assert score(high) == pytest.approx(-1.96, abs=0.02)


@pytest.mark.parametrize("grouped", [False, True])
def test_a_drop_that_is_lost_is_seldom_told_to_hold(grouped: bool) -> None:
    """Where the true drop is what the target allows, and few images or patients change: at most some 2.5 %."""
    studies, generator = 300, np.random.default_rng(21)
    held = 0
    for _ in range(studies):
        witnesses, size = (50, 6) if grouped else (200, 1)
        lost = np.repeat(generator.random(witnesses) < 0.04, size)
        labels = np.zeros(witnesses * size, dtype=np.int64)
        groups = [f"{place // size}" for place in range(len(labels))] if grouped else []
        found = paired_comparison(labels, labels, lost.astype(np.int64), groups)
        held += within_drop(found, 0.04).verdict == "holds"
    assert held / studies <= 0.045


def test_a_drop_holds_does_not_or_cannot_be_told() -> None:
    """By where the interval lies; the same difference is told with more images."""
    verdicts = {}
    for images in (50, 1000):
        labels = np.zeros(images, dtype=np.int64)
        second = labels.copy()
        second[: images // 25] = 1
        found = paired_comparison(labels, labels, second)
        verdicts[images] = [within_drop(found, asked).verdict for asked in (0.01, 0.04, 0.07)]
    assert verdicts[1000] == ["does not hold", "too few images", "holds"]
    assert verdicts[50] == ["too few images"] * 3


def test_the_smallest_drop_shrinks_with_the_images_and_grows_with_the_change() -> None:
    drops = [[smallest_drop(images, changed) for changed in (0.0, 0.05, 0.2)] for images in (100, 1000, 10_000)]
    assert all(first < second < third for first, second, third in drops)
    for several in zip(*drops, strict=True):
        assert several[0] > several[1] > several[2] > 0
    # A normal approximation where many images change: 1.96 sqrt(changed / images).
    assert smallest_drop(10_000, 0.2) == pytest.approx(1.96 * (0.2 / 10_000) ** 0.5, rel=0.05)


def test_nothing_changed_is_not_certainty() -> None:
    labels = np.zeros(50, dtype=np.int64)
    found = paired_comparison(labels, labels, labels)
    assert (found.difference, found.p_value) == (0.0, 1.0)
    assert found.difference_ci95[0] < 0 < found.difference_ci95[1]


def test_images_of_one_patient_count_as_one_witness() -> None:
    """Twelve images changed, all of one patient: by images certain, by patients not at all."""
    labels = np.zeros(120, dtype=np.int64)
    first = labels.copy()
    first[:12] = 1
    patients = [f"patient {place // 12}" for place in range(120)]
    by_images, by_patients = (
        paired_comparison(labels, first, labels),
        paired_comparison(labels, first, labels, patients),
    )
    assert by_images.p_value < 0.001
    assert by_patients.p_value == 1.0
    assert by_patients.groups == 10
    assert by_patients.difference_ci95[0] <= 0 < by_images.difference_ci95[0]


def test_the_bootstrap_of_groups_is_that_of_scipy() -> None:
    generator = np.random.default_rng(8)
    sizes = generator.integers(1, 21, 60)
    sums = generator.binomial(sizes, 0.2) - generator.binomial(sizes, 0.1)
    found = bootstrap(
        (sums, sizes), lambda sum_of, size, axis: sum_of.sum(axis=axis) / size.sum(axis=axis), paired=True,
        method="percentile", n_resamples=20_000, rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    assert grouped_bootstrap_interval(sums, sizes) == pytest.approx(tuple(found), abs=0.004)


def test_whole_groups_are_as_many_witnesses_and_independent_images_as_many_images() -> None:
    """The ends: of equal groups that change as a whole, Tango's interval of groups; of lone images, nearly Tango's."""
    kinds = np.repeat((1, -1, 0), (30, 20, 150))
    won, lost = 10 * (kinds > 0), 10 * (kinds < 0)
    assert images_per_witness(won, lost, np.full(200, 10)) == pytest.approx(10, rel=0.01)
    assert grouped_interval(won, lost, np.full(200, 10)) == pytest.approx(score_interval(30, 20, 200), abs=0.001)
    generator = np.random.default_rng(2)
    won, lost = generator.multinomial(10, (0.1, 0.1, 0.8), 2_000)[:, :2].T
    whole = score_interval(int(won.sum()), int(lost.sum()), 20_000)
    assert grouped_interval(won, lost, np.full(2_000, 10)) == pytest.approx(whole, abs=0.0005)


def test_an_interval_of_groups_is_sound_whatever_changes() -> None:
    """Within its range, never without width, around what is seen, the same again, and mirrored by exchanged files."""
    generator = np.random.default_rng(6)
    for groups in (1, 2, 3, 7, 40):
        for share in (0.0, 0.05, 0.5, 1.0):
            sizes = generator.integers(1, 12, groups)
            changed = generator.binomial(sizes, share)
            won = generator.binomial(changed, generator.random())
            lost = changed - won
            low, high = grouped_interval(won, lost, sizes)
            seen = (won - lost).sum() / sizes.sum()
            assert -1 <= low <= seen <= high <= 1
            assert high - low > 1e-3
            assert grouped_interval(won, lost, sizes) == (low, high)
            assert grouped_interval(lost, won, sizes) == pytest.approx((-high, -low), abs=1e-9)


def test_where_nothing_changes_groups_are_the_witnesses() -> None:
    none = np.zeros(30, np.int64)
    assert grouped_interval(none, none, np.full(30, 7)) == pytest.approx(score_interval(0, 0, 30))
    low, high = grouped_interval(none[:3], none[:3], np.array((1, 1, 98)))
    assert (low, high) == pytest.approx(score_interval(0, 0, 100**2 / (98**2 + 2))), "one patient has nearly all images"


def test_the_interval_of_groups_excludes_0_only_where_the_exact_test_does() -> None:
    truth = Truth(60, 5, 0.1, 0.3, 0.05)
    labels, groups = np.zeros(300, np.int64), [f"{place // 5}" for place in range(300)]
    won, lost = truth.drawn(150, seed=19)
    excluded = alone = mended = 0
    for own_won, own_lost in zip(won, lost, strict=True):
        first, second = np.zeros((60, 5), np.int64), np.zeros((60, 5), np.int64)
        for patient, (gained, gone) in enumerate(zip(own_won, own_lost, strict=True)):
            first[patient, :gained], second[patient, gained : gained + gone] = 1, 1
        found = paired_comparison(labels, first.ravel(), second.ravel(), groups)
        low, high = found.difference_ci95
        plain = grouped_interval(own_won, own_lost, truth.sizes)
        excluded += not low <= 0 <= high
        alone += not low <= 0 <= high and found.p_value > 0.05
        mended += (low, high) != plain
    assert alone == 0
    assert excluded > 20
    assert mended > 0, "where the score interval alone would have excluded it"


def test_an_interval_of_500_groups_takes_less_than_50_ms() -> None:
    truth = Truth(500, 20, 0.1, 0.3, 0.02)
    won, lost = (one[0] for one in truth.drawn(1, seed=4))
    grouped_interval(won, lost, truth.sizes)
    seconds = min(timeit.repeat(lambda: grouped_interval(won, lost, truth.sizes), number=1, repeat=5))
    print(f"\n10,000 images of 500 patients: {1000 * seconds:.1f} ms")
    assert seconds < 0.05


SIMULATED = [
    pytest.param(250, 0.03, id="few"),
    pytest.param(3000, 0.02, id="many", marks=(pytest.mark.slow, pytest.mark.timeout(600))),
]
"""Studies, and how far from 0.95 the share may be that is covered: its own noise is 0.014 or 0.004."""


@pytest.mark.parametrize(("studies", "margin"), SIMULATED)
@pytest.mark.parametrize(
    ("images", "won", "lost"), [(200, 0.05, 0.03), (200, 0.2, 0.1), (1000, 0.05, 0.03), (500, 0.005, 0.02)]
)
def test_the_interval_covers_the_true_difference_in_95_of_100_studies(
    images: int, won: float, lost: float, studies: int, margin: float
) -> None:
    generator = np.random.default_rng(11)
    covered = 0
    for _ in range(studies):
        seen_won, seen_lost, _ = generator.multinomial(images, (won, lost, 1 - won - lost))
        labels = np.zeros(images, dtype=np.int64)
        first, second = labels.copy(), labels.copy()
        first[:seen_won], second[seen_won : seen_won + seen_lost] = 1, 1
        low, high = paired_comparison(labels, first, second).difference_ci95
        covered += low - 1e-12 <= won - lost <= high + 1e-12
    print(f"\n{images} images, {won:g} won, {lost:g} lost: covered in {covered / studies:.3f} of {studies} studies")
    assert abs(covered / studies - 0.95) <= margin


@pytest.mark.parametrize(("studies", "margin"), SIMULATED)
@pytest.mark.parametrize("people", [40, 100])
def test_the_interval_of_groups_covers_too(people: int, studies: int, margin: float) -> None:
    """Patients of 10 images each, of whom some change together."""
    generator = np.random.default_rng(12)
    covered = 0
    for _ in range(studies):
        kinds = generator.choice(3, people, p=(0.1, 0.05, 0.85))
        labels = np.zeros(10 * people, dtype=np.int64)
        changed = generator.random((people, 10)) < 0.6
        first = ((kinds == 0)[:, None] & changed).ravel().astype(np.int64)
        second = ((kinds == 1)[:, None] & changed).ravel().astype(np.int64)
        patients = [f"{place // 10}" for place in range(10 * people)]
        low, high = paired_comparison(labels, first, second, patients).difference_ci95
        covered += low <= 0.6 * 0.05 <= high
    print(f"\ncovered in {covered / studies:.3f} of {studies} studies of {people} patients")
    assert -margin <= covered / studies - 0.95 <= 0.035, "too wide rather than too narrow where few patients change"
