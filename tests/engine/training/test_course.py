"""The length of a training that is found on the way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.contract.events import EngineEvent, EpochFinished, Notice
from engine.contract.training_outcome import EpochRecord
from engine.contract.training_settings import TrainingSettings
from engine.training.course import Course, course, expected_epochs
from engine.training.plan import OpenEnd, TrainingPlan
from engine.workbench.step_context import StepContext
from tests.small_study import forget_training, two_layers

BATCHES = 100


def records(accuracies: list[float], losses: list[float] | None = None, seconds: float = 1.0) -> list[EpochRecord]:
    losses = losses or [1.0] * len(accuracies)
    return [
        EpochRecord(epoch, 1.0, 0.5, loss, accuracy, 1e-3, seconds)
        for epoch, (accuracy, loss) in enumerate(zip(accuracies, losses, strict=True), start=1)
    ]


def open_plan(**more: object) -> TrainingPlan:
    return TrainingPlan.of_recipe(TrainingSettings.model_validate({"budget_minutes": 0} | more))


def so_far(plan: TrainingPlan, done: list[EpochRecord]) -> Course:
    return course(plan, done, BATCHES)


def test_an_open_end_keeps_its_rate_while_something_is_gained() -> None:
    rising = so_far(open_plan(), records([0.01 * epoch for epoch in range(1, 31)]))
    assert not rising.is_fixed
    assert rising.rate_factor(29 * BATCHES) == 1.0
    assert rising.epochs > 30


def test_the_rate_falls_once_nothing_is_gained() -> None:
    gaining = [0.01 * epoch for epoch in range(1, 11)]
    ended = so_far(open_plan(), records(gaining + [0.05] * 6))
    assert (ended.reason, ended.gained_in) == ("no gain", 10)
    assert ended.falls_after == 15
    assert ended.epochs == 15 + 6
    factors = [ended.rate_factor(step) for step in range(15 * BATCHES, 21 * BATCHES)]
    assert factors[0] == 1.0
    assert factors == sorted(factors, reverse=True)
    assert factors[-1] == pytest.approx(0.01, abs=1e-3)


def test_a_falling_loss_is_a_gain_too() -> None:
    falling = so_far(open_plan(), records([0.5] * 20, [1.0 - 0.02 * epoch for epoch in range(20)]))
    assert not falling.is_fixed


def test_what_was_decided_stays_decided() -> None:
    """The course after each epoch follows from the epochs alone, so a training that is continued takes the same."""
    whole = records([0.01 * epoch for epoch in range(1, 11)] + [0.05] * 11)
    known = [so_far(open_plan(), whole[:done]) for done in range(15, 22)]
    assert {(one.falls_after, one.epochs) for one in known} == {(15, 21)}


def test_a_patience_of_the_user_counts() -> None:
    flat = records([0.5] * 5)
    assert so_far(open_plan(early_stopping=3), flat).falls_after == 5
    assert not so_far(open_plan(early_stopping=8), flat).is_fixed


def test_the_budget_ends_a_training_that_still_gains() -> None:
    plan = open_plan(budget_minutes=1)
    rising = records([0.01 * epoch for epoch in range(1, 31)], seconds=2.0)
    ended = so_far(plan, rising)
    assert ended.reason == "budget"
    assert ended.epochs * 2.0 <= 60
    assert ended.epochs * 2.0 >= 50
    # Validation and saving take time as well.
    assert so_far(plan, [replace(one, whole_seconds=3.0) for one in rising]).epochs < ended.epochs


def test_a_budget_that_one_epoch_takes_leaves_one_to_fall_in() -> None:
    ended = so_far(open_plan(budget_minutes=1), records([0.5], seconds=100.0))
    assert (ended.falls_after, ended.epochs) == (1, 2)


def test_the_longest_training_ends() -> None:
    plan = replace(open_plan(), epochs=20)
    ended = so_far(plan, records([0.01 * epoch for epoch in range(1, 21)]))
    assert (ended.reason, ended.epochs) == ("longest", 20)


def test_a_constant_schedule_does_not_fall() -> None:
    ended = so_far(open_plan(schedule="constant", early_stopping=2), records([0.5] * 5))
    assert ended.is_fixed
    assert ended.rate_factor(10_000) == 1.0
    assert ended.epochs == ended.falls_after, "without a fall there is nothing to wait for"


def test_no_warm_up_is_none() -> None:
    assert so_far(open_plan(warmup_epochs=0), records([0.5])).rate_factor(0) == 1.0
    assert so_far(open_plan(), records([0.5])).rate_factor(0) == 1 / 200


def test_a_rate_falls_from_where_a_short_budget_ends_its_warm_up() -> None:
    ended = so_far(open_plan(budget_minutes=1, warmup_epochs=5), records([0.5], seconds=100.0))
    factors = [ended.rate_factor(step) for step in range(2 * BATCHES)]
    assert factors[BATCHES - 1] == pytest.approx(0.2)
    assert factors[BATCHES:] == sorted(factors[BATCHES:], reverse=True)
    assert factors[BATCHES] <= 0.2


def test_a_rising_rate_is_not_judged() -> None:
    flat = records([0.5] * 8)
    assert not so_far(open_plan(early_stopping=3, warmup_epochs=6), flat).is_fixed
    assert so_far(open_plan(early_stopping=3, warmup_epochs=4), flat).falls_after == 7


@pytest.mark.parametrize("key", ["warmup_epochs", "unfreeze_epoch", "test_epochs"])
def test_an_epoch_that_no_automatic_training_reaches_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match=key):
        TrainingSettings.model_validate({key: (301,) if key == "test_epochs" else 301})


def test_steps_need_a_number_of_epochs() -> None:
    with pytest.raises(ValueError, match="step"):
        TrainingSettings(schedule="step")


def test_fine_tuning_has_no_open_end() -> None:
    plan = open_plan()
    assert plan.open_end == OpenEnd(0, 0)
    assert plan.fine_tuning(3, 1e-3).open_end is None


@pytest.mark.parametrize(("images", "batch"), [(20, 32), (3_400, 32), (50_000, 128), (1_000_000, 32)])
def test_an_estimate_is_there_for_any_number_of_images(images: int, batch: int) -> None:
    assert 10 <= expected_epochs(images, batch) <= 300


def test_a_real_training_finds_its_end_and_continues_into_the_same(small_context: StepContext, tmp_path: Path) -> None:
    """Killed while its rate falls; the weights are those of the training that was not, bit for bit."""
    events: list[EngineEvent] = []
    trainer = replace(small_context.trainer, emit=events.append, checkpoint=tmp_path / "whole")
    plan = TrainingPlan.of_recipe(TrainingSettings(early_stopping=2, learning_rate=0.5, batch_size=16))
    model = two_layers(small_context)
    outcome = trainer.train(model, plan)
    said = [event.message for event in events if isinstance(event, Notice)]
    assert any("nothing more was gained since epoch" in message for message in said)
    finished = [event for event in events if isinstance(event, EpochFinished)]
    assert finished[-1].epoch == finished[-1].epochs == len(outcome.records)
    rates = [record.learning_rate for record in outcome.records]
    assert rates[-1] < 0.2 * max(rates)

    class Killed(Exception):
        pass

    def kill(event: EngineEvent) -> None:
        if isinstance(event, EpochFinished) and event.epoch == len(outcome.records) - 1:
            raise Killed

    again = two_layers(small_context)
    with pytest.raises(Killed):
        replace(trainer, emit=kill, checkpoint=tmp_path / "killed").train(again, plan)
    continued = two_layers(small_context)
    second = replace(trainer, checkpoint=tmp_path / "killed").train(continued, plan)
    assert [one.epoch for one in second.records] == [one.epoch for one in outcome.records]
    for ours, theirs in zip(continued.get_weights(), model.get_weights(), strict=True):
        assert ours.tobytes() == theirs.tobytes()
    forget_training(small_context)
