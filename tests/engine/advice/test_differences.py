"""A difference is real where the same images, the same turns, or plain counting tell it; else it is open."""

from __future__ import annotations

import pytest

from engine.advice.differences import Difference, Differences, _tells
from engine.advice.standing import Standing, standings
from engine.contract.measurements import VariantMeasurement
from engine.figures.variant_figures import figures
from engine.measurement.paired_comparison import mcnemar_p_value, paired_comparison
from tests.engine.advice.measured_chains import BASELINE, changed
from tests.ui.study_events import variant

ACCURACY, SIZE, LATENCY, MEMORY, STEPS = figures("accuracy", "size", "latency", "peak_memory", "steps")
BETTER, SAME, WORSE, OPEN = Difference.BETTER, Difference.SAME, Difference.WORSE, Difference.OPEN


def test_it_never_tells_more_than_the_exact_test() -> None:
    for images in range(1, 120):
        for won in range(images + 1):
            if _tells(2 * won - images, images):
                assert mcnemar_p_value(won, images - won) < 0.05


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (changed("a", 0, 0), BASELINE, SAME),
        (changed("a", 0, 0), changed("b", 0, 0), SAME),
        (changed("a", 0, 30, p_holm=0.001), BASELINE, WORSE),
        (BASELINE, changed("a", 0, 30, p_holm=0.001), BETTER),
        (changed("a", 0, 7, p_holm=0.06), BASELINE, OPEN),
        (changed("a", 0, 7, p_holm=0.06), changed("b", 0, 0), OPEN),
        (changed("a", 2, 5), changed("b", 3, 4), OPEN),
        (changed("a", 1, 40), changed("b", 2, 1), WORSE),
        (changed("a", 2, 1), changed("b", 1, 40), BETTER),
        # The images that differ may be the same in both, or all others.
        (changed("a", 20, 40), changed("b", 40, 40), OPEN),
        (changed("a", 0, 0, dataset="other"), BASELINE, OPEN),
        (changed("a", 0, 0, setting="64 px"), BASELINE, OPEN),
    ],
)  # fmt: skip
def test_accuracies_differ_by_the_images_that_tell(
    one: VariantMeasurement, other: VariantMeasurement, expected: Difference
) -> None:
    first = [BASELINE, variant("baseline", setting="64 px")]
    assert Differences([*first, one, other]).between(ACCURACY, one, other) is expected


def test_pairs_by_the_baseline_claim_no_more_than_pairs_on_the_images() -> None:
    """The real images decide what the sum over the baseline leaves open, and never the other way."""
    import numpy as np

    generator = np.random.default_rng(3)
    labels = np.zeros(300, dtype=np.int64)
    told = 0
    for _ in range(60):
        base, first, second = ((generator.random(300) < share).astype(np.int64) for share in (0.2, 0.25, 0.45))
        pairs = [paired_comparison(labels, base, one, against="baseline") for one in (first, second)]
        files = [
            variant(name, paired=pair.model_copy(update={"p_holm": 1.0}), accuracy=float((one == labels).mean()))
            for name, pair, one in zip(("a", "b"), pairs, (first, second), strict=True)
        ]
        found = Differences([BASELINE, *files]).between(ACCURACY, *files)
        exact = paired_comparison(labels, second, first)
        if found is not OPEN:
            told += 1
            assert exact.p_value < 0.05
            assert (found is BETTER) == (exact.difference > 0)
    assert told > 20


def test_groups_are_compared_by_their_intervals() -> None:
    def of_patients(chain: str, low: float, high: float) -> VariantMeasurement:
        one = changed(chain, 0, 40)
        assert one.paired is not None
        grouped = one.paired.model_copy(update={"groups": 12, "difference_ci95": (low, high)})
        return one.model_copy(update={"paired": grouped})

    worse, near, far = of_patients("a", -0.1, -0.04), of_patients("b", -0.05, 0.01), of_patients("c", -0.02, 0.01)
    differences = Differences([BASELINE, worse, near, far])
    assert differences.between(ACCURACY, worse, near) is OPEN
    assert differences.between(ACCURACY, worse, far) is WORSE


def test_runs_without_pairs_have_their_intervals() -> None:
    old = variant("old", accuracy=0.5, accuracy_ci95=(0.45, 0.55))
    near = variant("near", accuracy=0.89, accuracy_ci95=(0.86, 0.91))
    differences = Differences([BASELINE, old, near])
    assert differences.between(ACCURACY, old, BASELINE) is WORSE
    assert differences.between(ACCURACY, near, BASELINE) is OPEN


def test_latencies_differ_by_the_ratios_of_the_same_turns() -> None:
    def timed(chain: str, low: float, high: float, **more: object) -> VariantMeasurement:
        return variant(chain, latency_ratio=(low + high) / 2, latency_ratio_ci95=(low, high), **more)

    base = variant("baseline", latency_ratio=1.0, latency_ratio_ci95=(1.0, 1.0))
    fast, near, same, slow = timed("a", 0.4, 0.42), timed("b", 0.41, 0.5), timed("c", 0.4, 0.402), timed("d", 0.9, 0.95)
    untimed = variant("e", latency_ratio=1.0, latency_ratio_ci95=(1.0, 1.0))
    small = variant("f", setting="64 px", latency_p50_ms=0.01, latency_p95_ms=0.02)
    near_small = variant("g", setting="64 px", latency_p50_ms=base.latency_p95_ms, latency_p95_ms=9.0)
    differences = Differences([base, variant("baseline", setting="64 px"), fast, near, same, slow, untimed])
    assert differences.between(LATENCY, fast, slow) is BETTER
    assert differences.between(LATENCY, slow, base) is BETTER
    assert differences.between(LATENCY, base, slow) is WORSE
    assert differences.between(LATENCY, fast, near) is OPEN
    assert differences.between(LATENCY, same, timed("h", 0.401, 0.403)) is SAME
    assert differences.between(LATENCY, untimed, slow) is OPEN
    # Files of two image settings have their ratios against two baselines.
    assert differences.between(LATENCY, small, base) is BETTER
    assert differences.between(LATENCY, near_small, base) is OPEN


def test_counts_are_certain_and_what_has_no_interval_is_not() -> None:
    small = changed("small", 0, 0, model_bytes=10, peak_memory_bytes=1)
    differences = Differences([BASELINE, small])
    assert differences.between(SIZE, small, BASELINE) is BETTER
    assert differences.between(SIZE, BASELINE, small) is WORSE
    assert differences.between(SIZE, small, small) is SAME
    assert differences.between(MEMORY, small, BASELINE) is OPEN
    assert differences.between(MEMORY, small, small) is SAME
    assert differences.between(STEPS, small, BASELINE) is OPEN


def test_what_is_behind_the_front_is_so_for_certain_or_may_be_as_good() -> None:
    same = changed("same", 0, 0, model_bytes=500_000)
    noise = changed("noise", 2, 5, model_bytes=600_000)
    worse = changed("worse", 0, 60, p_holm=0.001, model_bytes=700_000)
    smallest = changed("smallest", 0, 90, p_holm=0.001, model_bytes=100_000)
    elsewhere = changed("elsewhere", 0, 0, dataset="other", model_bytes=1)
    found = standings([BASELINE, same, noise, worse, smallest, elsewhere], (SIZE, ACCURACY))
    assert found == {
        "baseline": Standing.DOMINATED,
        "same": Standing.FRONT,
        "noise": Standing.OPEN,
        "worse": Standing.DOMINATED,
        "smallest": Standing.FRONT,
    }
    assert standings([BASELINE, same], figures("micro_size", "accuracy")) == {}
    diverged = changed("same", 0, 0, model_bytes=500_000, diverged=True)
    found = standings([BASELINE, diverged], (SIZE, ACCURACY))
    assert found == {"baseline": Standing.FRONT, "same": Standing.DIVERGED}
