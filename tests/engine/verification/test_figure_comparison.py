"""When two figures count as equal, and what is said of those that are not."""

from __future__ import annotations

import pytest

from engine.contract.measurements import ClassAreas
from engine.verification.figure_comparison import compared_group, equal_decimals


@pytest.mark.parametrize(
    ("first", "second", "decimals"),
    [
        (0.8125, 0.8125, 15),
        (0.8125, 0.8047, 1),
        (0.1234567, 0.1234571, 6),
        (0.5, 1.5, 0),
        (1.0, 9.0, 0),
        (None, 1.0, None),
        (float("nan"), 1.0, None),
    ],
)
def test_to_how_many_decimals(first: float | None, second: float, decimals: int | None) -> None:
    assert equal_decimals(first, second) == decimals


def test_fractions_are_equal_to_six_decimals_and_counts_exactly() -> None:
    assert compared_group("one", {"loss": 0.1234567}, {"loss": 0.1234571}).outcome == "holds"
    assert compared_group("one", {"loss": 0.123456}, {"loss": 0.123458}).outcome == "does not hold"
    assert compared_group("one", {"bytes": 7_000_001}, {"bytes": 7_000_002}).outcome == "does not hold"
    assert compared_group("one", {"loss": float("nan")}, {"loss": float("nan")}).outcome == "holds"


def test_tables_are_compared_figure_by_figure() -> None:
    printed = {"auc": ClassAreas(macro=0.9, per_class={"a": 0.8, "b": None}), "confusion": ((3, 1), (0, 4))}
    found = {"auc": ClassAreas(macro=0.9, per_class={"a": 0.7, "b": 0.5}), "confusion": ((3, 1), (1, 3))}
    group = compared_group("one", printed, found)
    assert [one.figure for one in group.differing] == [
        "auc.per_class.a", "auc.per_class.b", "confusion[2][1]", "confusion[2][2]"
    ]  # fmt: skip
    assert group.compared == 3 + 3 + 4


def test_what_is_not_found_differs() -> None:
    (one,) = compared_group("one", {"per_class": {"a": 1}}, {}).differing
    assert (one.figure, one.printed, one.found) == ("per_class.a", 1, None)
    assert (
        compared_group("one", {"confusion": ((1, 2),)}, {"confusion": ()}).differing[0].figure == "confusion: entries"
    )


def test_a_group_of_which_a_part_is_unknown_is_not_verified() -> None:
    assert compared_group("one", {"bytes": 1}, {"bytes": 1}, "Half is gone.").outcome == "not verified"
    assert compared_group("one", {"bytes": 1}, {"bytes": 2}, "Half is gone.").outcome == "does not hold"
