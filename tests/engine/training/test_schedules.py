"""Learning rates and sparsities over a stage."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.contract.training_settings import TrainingSettings
from engine.steps.magnitude_pruning.sparsity_schedule import round_sparsities
from engine.steps.magnitude_pruning.step import MagnitudePruningParameters
from engine.training.plan import TrainingPlan


def test_learning_rate_schedules() -> None:
    plan = TrainingPlan.of_recipe(TrainingSettings(schedule="cosine", epochs=10, warmup_epochs=0))
    assert [plan.rate_factor(step, 10) for step in (0, 50, 100)] == pytest.approx([1.0, 0.505, 0.01])
    steps = replace(plan, schedule="step")
    assert [steps.rate_factor(step, 10) for step in (0, 49, 50, 75)] == pytest.approx([1.0, 1.0, 0.1, 0.01])


def test_steps_come_after_the_epochs_named() -> None:
    """Kharitonov 2024: the rate is divided by ten at an epoch."""
    plan = TrainingPlan.of_recipe(
        TrainingSettings(epochs=10, warmup_epochs=0, schedule="step", step_epochs=(6, 2), step_factor=0.5)
    )
    assert [plan.rate_factor(step, 10) for step in (19, 20, 59, 60)] == [1.0, 0.5, 0.5, 0.25]


def test_a_warm_up_rises_evenly_and_the_schedule_begins_after_it() -> None:
    plan = TrainingPlan.of_recipe(TrainingSettings(schedule="cosine", epochs=12, warmup_epochs=2))
    assert [plan.rate_factor(step, 5) for step in range(10)] == pytest.approx([(step + 1) / 10 for step in range(10)])
    assert [plan.rate_factor(step, 5) for step in (10, 35, 60)] == pytest.approx([1.0, 0.505, 0.01])


def test_fine_tuning_has_one_rate_for_all_layers() -> None:
    plan = TrainingPlan.of_recipe(TrainingSettings(learning_rate=0.01, head_learning_rate=0.1))
    assert plan.head_learning_rate == 0.1
    fine = plan.fine_tuning(3, 0.5, "cosine")
    assert (fine.epochs, fine.learning_rate, fine.head_learning_rate, fine.schedule) == (3, 0.5, 0.5, "cosine")


@pytest.mark.parametrize("schedule", ["constant", "one_shot", "polynomial", "iterative"])
def test_sparsity_never_falls_and_ends_at_the_target(schedule: str) -> None:
    parameters = MagnitudePruningParameters(schedule=schedule, sparsity=0.95, epochs=2, rounds=6)
    course = [parameters.sparsity_at(progress / 100) for progress in range(101)]
    assert course == sorted(course)
    assert course[-1] == 0.95


def test_polynomial_is_zhu_and_gupta_equation_1() -> None:
    parameters = MagnitudePruningParameters(sparsity=0.8, start_sparsity=0.5, epochs=1)
    assert parameters.sparsity_at(0.0) == 0.5
    assert parameters.sparsity_at(0.375) == pytest.approx(0.8 + (0.5 - 0.8) * 0.5**3)


def test_iterative_rounds_remove_an_equal_share_of_what_remains() -> None:
    kept = [1 - sparsity for sparsity in round_sparsities(0.95, 0.995, 6)]
    shares = [after / before for before, after in zip([0.05, *kept], kept, strict=False)]
    assert shares == pytest.approx([0.1 ** (1 / 6)] * 6)
