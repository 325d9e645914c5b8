"""Training as it is set up, against a bare `model.fit` and against the settings that were not taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.training_throughput import BFLOAT16, KEPT, ROUNDS, WAYS, measure, page

MIN_OF_FIT = 0.95
MIN_OF_FIT_IN_BFLOAT16 = 1 / 0.75
MIN_OF_FASTEST_RUN = 0.93


@pytest.mark.benchmark
@pytest.mark.timeout(3600)
def test_training_is_as_fast_as_a_bare_fit_and_as_any_setting_of_it(tmp_path: Path, cifar10_mini: Path) -> None:
    measured = measure(cifar10_mini / "train", tmp_path)
    print(f"\n{page(measured, ROUNDS)}")
    ratios = {one.way: one.ratio for one in measured if one.way.way == KEPT.way}
    assert ratios[KEPT] >= MIN_OF_FIT
    assert ratios[KEPT] >= MIN_OF_FASTEST_RUN * max(ratios.values())
    if BFLOAT16 in WAYS:
        bfloat16 = next(one.ratio for one in measured if one.way is BFLOAT16)
        assert bfloat16 >= MIN_OF_FIT_IN_BFLOAT16
