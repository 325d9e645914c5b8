"""The front of a search against its definition."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.contract.search_settings import SearchSettings
from engine.search.found_front import front

SETTINGS = SearchSettings(objectives=("accuracy", "zip_bytes"), floors={"accuracy": 0.5, "macs": 100})


def figures(accuracy: float, zip_bytes: float, macs: float = 10) -> dict[str, float]:
    return {"accuracy": accuracy, "zip_bytes": zip_bytes, "macs": macs}


def test_better_is_higher_or_lower_as_the_figure_says() -> None:
    trials = {1: figures(0.9, 500), 2: figures(0.8, 300), 3: figures(0.7, 400), 4: figures(0.9, 500)}
    assert front(SETTINGS, trials) == (1, 2)


def test_what_misses_a_floor_is_on_no_front() -> None:
    trials = {1: figures(0.4, 1), 2: figures(0.9, 1, macs=101), 3: figures(0.6, 900, macs=100)}
    assert front(SETTINGS, trials) == (3,)
    assert front(SETTINGS, {1: figures(0.4, 1)}) == ()


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=25))
def test_no_trial_beats_one_on_the_front_and_each_other_is_beaten(points: list[tuple[int, int]]) -> None:
    settings = SETTINGS.model_copy(update={"floors": {}})
    trials = {number: figures(float(a), float(b)) for number, (a, b) in enumerate(points, start=1)}
    found = front(settings, trials)
    chosen = {points[number - 1] for number in found}
    beaten = {p for p in points if any(q != p and q[0] >= p[0] and q[1] <= p[1] for q in points)}
    assert chosen == set(points) - beaten
    assert len(found) == len(chosen)
