"""Which trainings a search stops at a rung: real rules on written epochs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contract.search_settings import SearchSettings
from engine.contract.training_outcome import EpochRecord
from engine.search.epoch_rungs import EpochRungs, Lag
from engine.search.planned_baseline import PlannedBaseline

SETTINGS = SearchSettings()
IMAGES = 200
PLAIN = PlannedBaseline(
    key="", architecture="resnet8", parameters=5000, macs=10**6, activations=10**4, epochs=9, is_open_ended=False,
    frozen_until=0, bounds_chain=True,
)  # fmt: skip


def trained(rungs: EpochRungs, baseline: PlannedBaseline, accuracies: list[float]) -> Lag | None:
    """The first lag as a training tells its epochs, one after the other."""
    records = [EpochRecord(n, 1.0, one, 1.0, one, 1e-3, 1.0) for n, one in enumerate(accuracies, start=1)]
    return next(filter(None, (rungs.lag(baseline, records[:done]) for done in range(1, len(records) + 1))), None)


def baseline(number: int, **changed: object) -> PlannedBaseline:
    return replace(PLAIN, key=f"baseline {number}", **changed)  # type: ignore[arg-type]


def test_the_one_that_lags_behind_is_stopped_and_it_is_told_why() -> None:
    rungs = EpochRungs(SETTINGS, IMAGES)
    climbs = ([0.2] * 2 + [0.7] * 7, [0.2] * 2 + [0.8] * 7, [0.2] * 2 + [0.45] * 7)
    assert [trained(rungs, baseline(number), climb) for number, climb in enumerate(climbs[:2])] == [None, None]
    assert trained(rungs, baseline(2), climbs[2]) is not None, "one of three goes on"
    lag = trained(rungs, baseline(3), [0.2, 0.41, 0.3, 0.9])
    assert lag is not None
    assert str(lag) == "at epoch 3 of 9 it reached 0.41 on the validation images; 2 of 3 trials had more"
    assert [one.key for one in lag.ahead] == ["baseline 0", "baseline 1"]


@pytest.mark.parametrize(
    ("changed", "reached"),
    [
        ({"parameters": 4999}, 0.2),  # smaller than all that are better
        ({}, 0.78),  # no clear difference
        ({"frozen_until": 3}, 0.2),  # what is frozen says little
        ({"is_open_ended": True}, 0.2),  # another schedule
        ({"epochs": 1}, 0.2),  # nothing is left to save at the rung
    ],
    ids=lambda value: str(value),
)
def test_what_could_well_end_on_the_front_goes_on(changed: dict[str, object], reached: float) -> None:
    rungs = EpochRungs(SETTINGS, IMAGES)
    for number in range(5):
        assert trained(rungs, baseline(number), [0.8] * 9) is None
    assert trained(rungs, baseline(5, **changed), [reached] * 3) is None
    assert trained(rungs, baseline(6), [0.2] * 3) is not None, "without the change it is stopped"


def test_two_others_are_needed_and_a_shared_baseline_counts_once() -> None:
    rungs = EpochRungs(SETTINGS, IMAGES)
    for _ in range(4):
        assert trained(rungs, baseline(1), [0.8] * 9) is None
    assert trained(rungs, baseline(2), [0.2] * 9) is None
    assert trained(rungs, baseline(3), [0.2] * 9) is not None


def test_trainings_of_other_lengths_are_compared_where_their_schedules_are_alike() -> None:
    rungs = EpochRungs(SETTINGS, IMAGES)
    for number in range(3):
        trained(rungs, baseline(number, epochs=27), [0.1] * 2 + [0.5] * 6 + [0.8] * 19)
    # A ninth of 9 epochs is the first, of 27 the third.
    lag = trained(rungs, baseline(4), [0.2])
    assert lag is not None
    assert (lag.epoch, lag.compared) == (1, 3)


@pytest.mark.parametrize(
    ("search", "changed"),
    [
        ({"objectives": ("validation_accuracy", "latency_p50_ms")}, {"architecture": "vgg16"}),
        ({"objectives": ("validation_accuracy",), "floors": {"macs": 10**7}}, {"macs": 10**5}),
        ({"objectives": ("validation_accuracy", "ece")}, {}),  # no plan tells it
        ({"objectives": ("zip_bytes",)}, {}),  # accuracy is not looked for
    ],
    ids=lambda value: str(value),
)
def test_figures_that_no_plan_can_compare_stop_nothing(search: dict[str, object], changed: dict[str, object]) -> None:
    rungs = EpochRungs(SearchSettings.model_validate(search), IMAGES)
    for number in range(5):
        trained(rungs, baseline(number), [0.9] * 9)
    assert trained(rungs, baseline(5, **changed), [0.2] * 9) is None


@given(
    st.lists(st.tuples(st.integers(1, 4), st.lists(st.integers(0, 10), min_size=9, max_size=9)), min_size=3, max_size=9)
)
def test_no_stopped_one_was_the_best_of_those_that_cost_no_more(climbs: list[tuple[int, list[int]]]) -> None:
    rungs, seen = EpochRungs(SETTINGS, IMAGES), []
    for number, (size, accuracies) in enumerate(climbs):
        reached = [one / 10 for one in accuracies]
        lag = trained(rungs, baseline(number, parameters=size), reached)
        if lag is not None:
            rivals = [best for parameters, best in seen if parameters <= size and len(best) >= lag.epoch]
            assert max(max(best[: lag.epoch]) for best in rivals) > max(reached[: lag.epoch])
            assert lag.reached == max(reached[: lag.epoch])
        seen.append((size, reached[: lag.epoch if lag else 9]))
