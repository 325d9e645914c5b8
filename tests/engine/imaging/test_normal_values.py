"""Noise is normally distributed, reproducible, and quicker than a generator's own."""

from __future__ import annotations

import numpy as np
from scipy.stats import kstest

from engine.imaging.normal_values import normal_values

SHAPE = (64, 32, 32, 3)


def test_values_are_normally_distributed() -> None:
    values = normal_values(SHAPE, np.random.default_rng(3)).ravel()
    assert values.dtype == np.float32
    assert kstest(values, "norm").pvalue > 0.01
    assert abs(np.corrcoef(values[:-1], values[1:])[0, 1]) < 0.01


def test_the_deviation_of_all_quantiles_is_one() -> None:
    values = normal_values((2**20,), np.random.default_rng(3))
    assert abs(values.std() - 1) < 3e-3
    assert abs(values.mean()) < 4e-3
    assert 4 < values.max() < 5


def test_one_seed_draws_the_same_and_another_draws_others() -> None:
    first, again, other = (normal_values(SHAPE, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.99
