"""Progress: told at a pace, in parts and in words; and the one way in which work hears that it is not wanted."""

from __future__ import annotations

import pytest

from engine.contract.errors import Cancelled
from engine.contract.progress import UNWATCHED, Progress


def test_reports_come_at_a_pace_and_the_last_always() -> None:
    told: list[tuple[int, int]] = []
    progress = Progress(on_report=lambda done, total: told.append((done, total)), every_s=3600)
    for done in range(5):
        progress.report(done, 4)
    assert told == [(0, 4), (4, 4)]


def test_parts_are_told_as_the_whole() -> None:
    told: list[tuple[int, int]] = []
    whole = Progress(on_report=lambda done, total: told.append((done, total)), every_s=0)
    for place in range(2):
        for done in (0, 5, 10):
            whole.part(place, 2).report(done, 10)
    assert told == [(0, 20), (5, 20), (10, 20), (10, 20), (15, 20), (20, 20)]


def test_a_count_is_told_in_the_words_of_its_phase() -> None:
    told: list[str] = []
    counted = Progress(on_phase=told.append).counted("calibrating")
    for done in range(1, 201):
        counted.report(done, 200)
    assert told == ["calibrating", "calibrating: 1 of 200 images"]


def test_work_that_is_not_wanted_ends_at_whatever_it_says_next() -> None:
    def called_off() -> None:
        raise Cancelled("no longer wanted")

    progress = Progress(called_off)
    for say in (
        progress.raise_if_cancelled,
        lambda: progress.report(0, 1),
        lambda: progress.phase("working"),
        lambda: progress.counted("working"),
        progress.part(0, 1).raise_if_cancelled,
    ):
        with pytest.raises(Cancelled):
            say()
    UNWATCHED.report(1, 2)
    UNWATCHED.counted("working").report(1, 2)
