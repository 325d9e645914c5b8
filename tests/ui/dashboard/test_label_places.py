"""Names beside points lie over no other name, over no point, and within the plot."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ui.dashboard.label_places import Box, label_places

ROOM = Box(0, 0, 400, 300)
POINT = 10.0


@given(st.lists(st.tuples(st.floats(0, 400), st.floats(0, 300), st.floats(20, 120)), max_size=12))
def test_nothing_overlaps(drawn: list[tuple[float, float, float]]) -> None:
    points, sizes = [(x, y) for x, y, _ in drawn], [(width, 14.0) for *_, width in drawn]
    places = label_places(points, sizes, ROOM, POINT)
    names = [Box(*place, *size) for place, size in zip(places, sizes, strict=True) if place]
    dots = [Box(x - POINT / 2, y - POINT / 2, POINT, POINT) for x, y in points]
    for number, name in enumerate(names):
        assert name.is_within(ROOM)
        assert not any(name.overlaps(other) for other in names[number + 1 :])
        assert not any(name.overlaps(dot) for dot in dots)


def test_a_name_stands_beside_its_point_and_gives_way_at_the_edge() -> None:
    alone, at_the_right, nowhere = (100.0, 100.0), (395.0, 200.0), (200.0, 50.0)
    places = label_places([alone, at_the_right, nowhere], [(50, 14), (50, 14), (500, 14)], ROOM, POINT)
    assert places == [(110.0, 81.0), (335.0, 181.0), None]
