"""Who is beaten in cost and accuracy at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.report.two_objectives import front_places


def test_ties_and_beaten_ones() -> None:
    assert front_places([], []) == ()
    assert front_places([3, 1, 2, 2], [0.9, 0.7, 0.7, 0.8]) == (1, 3, 0)
    assert front_places([1, 1], [0.5, 0.5]) == (0, 1)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=12))
def test_no_other_is_better_in_one_and_no_worse_in_the_other(points: list[tuple[int, int]]) -> None:
    costs, worths = zip(*points, strict=True)
    front = front_places(costs, worths)
    beaten = {
        place
        for place, (cost, worth) in enumerate(points)
        if any(other <= cost and more >= worth and (other, more) != (cost, worth) for other, more in points)
    }
    assert set(front) == set(range(len(points))) - beaten
    assert list(front) == sorted(front, key=lambda place: (costs[place], place))
