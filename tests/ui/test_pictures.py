"""Pictures take the room that there is, and do not flicker where a scroll bar comes and goes with them."""

from __future__ import annotations

import pytest

from ui.pictures import SCROLL_BAR_PIXELS, picture_side

SIDES = (112, 160, 220)


@pytest.mark.parametrize("width", range(100, 300))
def test_a_size_stays_when_its_scroll_bar_takes_room(width: int) -> None:
    """A picture that grew may make the page scroll, which takes room; it must not shrink then, and grow again."""
    for present in SIDES:
        first = picture_side(width, SIDES, present)
        if first > present:
            assert picture_side(width - SCROLL_BAR_PIXELS, SIDES, first) == first


def test_sizes_by_room() -> None:
    assert [picture_side(room, SIDES, 112) for room in (50, 112, 179, 180, 240, 1000)] == [112, 112, 112, 160, 220, 220]
    assert picture_side(165, SIDES, 220) == 160
