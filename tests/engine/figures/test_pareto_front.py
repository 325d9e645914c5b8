"""The front is that of comparing every pair, and its line encloses what the front dominates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.figures.figure import Better
from engine.figures.pareto_front import front_line, pareto_front

DIRECTIONS = st.sampled_from((Better.HIGHER, Better.LOWER))
LOWER, HIGHER = Better.LOWER, Better.HIGHER


@st.composite
def points(draw: st.DrawFn, figures: st.SearchStrategy[int]) -> tuple[np.ndarray, list[Better]]:
    """Whole numbers of a small range, so that ties and equal points come."""
    count, number = draw(st.integers(0, 12)), draw(figures)
    values = draw(arrays(np.float64, (count, number), elements=st.integers(-3, 3).map(float)))
    return values, draw(st.lists(DIRECTIONS, min_size=number, max_size=number))


def beats(one: np.ndarray, other: np.ndarray, better: list[Better]) -> bool:
    signs = [1 if way is HIGHER else -1 for way in better]
    gains = [sign * (a - b) for sign, a, b in zip(signs, one, other, strict=True)]
    return min(gains) >= 0 and max(gains) > 0


@given(points(st.integers(1, 4)))
def test_it_is_what_no_other_point_beats(drawn: tuple[np.ndarray, list[Better]]) -> None:
    values, better = drawn
    by_pairs = [not any(beats(other, one, better) for other in values) for one in values]
    assert pareto_front(values, better).tolist() == by_pairs


@given(points(st.just(2)))
def test_the_line_goes_through_the_front_in_steps(drawn: tuple[np.ndarray, list[Better]]) -> None:
    values, better = drawn
    line = front_line(values, better)
    front = {tuple(one) for one in values[pareto_front(values, better)]}
    assert {tuple(corner) for corner in line[1::2]} == front
    assert len(line) == (2 * len(front) + 1 if front else 0)
    for before, corner, after in zip(line[1::2], line[2::2], line[3::2], strict=False):
        assert beats(before, corner, better)
        assert beats(after, corner, better)
        assert corner[1] == before[1]
        assert corner[0] == after[0]


def test_equal_points_stand_together() -> None:
    values = np.array([[1.0, 2.0], [1.0, 2.0], [1.0, 3.0], [2.0, 3.0]])
    assert pareto_front(values, (LOWER, HIGHER)).tolist() == [False, False, True, False]
    assert pareto_front(values, (LOWER, LOWER)).tolist() == [True, True, False, False]
    assert front_line(values, (LOWER, LOWER)).tolist() == [[1.0, 3.0], [1.0, 2.0], [2.0, 2.0]]


def test_what_has_no_front_is_refused() -> None:
    with pytest.raises(ValueError, match="a better way"):
        pareto_front(np.ones((1, 1)), (Better.NEITHER,))
    with pytest.raises(ValueError, match="missing"):
        pareto_front(np.array([[np.nan]]), (LOWER,))
    with pytest.raises(ValueError, match="better way"):
        pareto_front(np.ones((1, 2)), (LOWER,))
