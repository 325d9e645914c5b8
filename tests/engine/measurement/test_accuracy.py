"""Decisions, shares and intervals against published values."""

from __future__ import annotations

import numpy as np
import pytest

from engine.measurement.accuracy import predicted, share_equal, wilson_interval


@pytest.mark.parametrize(
    ("right", "total", "interval"),
    [
        # Newcombe 1998, table I, method 3.
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
        (20, 20, (0.8389, 1.0)),
        (0, 0, (0.0, 1.0)),
    ],
)
def test_wilson_intervals_are_those_of_newcombe(right: int, total: int, interval: tuple[float, float]) -> None:
    assert wilson_interval(right, total) == pytest.approx(interval, abs=5e-5)


def test_one_sigmoid_unit_decides_for_the_second_class_from_a_half() -> None:
    found = predicted(np.float32([[0.0], [0.49], [0.5], [1.0]]))
    assert found.tolist() == [0, 0, 1, 1]
    assert found.dtype == np.int64


def test_several_units_decide_for_the_largest() -> None:
    found = predicted(np.float32([[0.2, 0.8, 0.0], [0.6, 0.3, 0.1], [0.1, 0.2, 0.7]]))
    assert found.tolist() == [1, 0, 2]
    assert found.dtype == np.int64


def test_share_equal() -> None:
    assert share_equal(np.array([0, 1, 2, 1]), np.array([0, 1, 0, 0])) == 0.5
