"""What a stage will cost: time by the machine's measured speed, disk space, memory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.chain.estimate import StageCost, Work, stage_cost, stage_seconds, total_cost, training_macs_per_second
from engine.chain.stage_tree import plan
from engine.contract.recipe import ChainSettings, Recipe

WORK = Work(2000, 400, 400, 2)
PARAMETERS = 11_170_000
"""Of a ResNet-18 with one output, about."""


def costs(*steps: dict[str, Any], work: Work = WORK, **more: Any) -> list[StageCost]:
    made = Recipe(chains=(ChainSettings(name="one", steps=steps),), **more)
    return [stage_cost(made, stage, work) for stage in plan(made, "images").stages]


def test_the_speed_that_an_epoch_told_gives_that_epoch_again() -> None:
    recipe = Recipe(training={"epochs": 50})
    (stage,) = plan(recipe, "images").stages
    measured = replace(WORK, validation_images=0, macs_per_second=training_macs_per_second(recipe, WORK, 60.0))
    once = stage_seconds(Recipe(training={"epochs": 1}), replace(stage, epochs=1), measured)
    assert (stage_seconds(recipe, stage, measured) - once) / 49 == pytest.approx(60.0, rel=0.01)


def test_disk_space_is_that_of_the_numbers_that_are_stored() -> None:
    baseline, int8 = costs({"step": "post_training_quantization", "scheme": "int8"})
    _, half = costs({"step": "post_training_quantization", "scheme": "float16"})
    assert baseline.disk_bytes == pytest.approx(3 * 4 * PARAMETERS, rel=0.03), "network, file, and the run's copy"
    assert int8.disk_bytes == pytest.approx(2 * PARAMETERS, rel=0.03)
    assert half.disk_bytes == pytest.approx(2 * int8.disk_bytes, rel=0.01)


def test_memory_grows_with_the_batch_and_only_where_a_stage_trains() -> None:
    int8 = {"step": "post_training_quantization", "scheme": "int8"}
    small, large = (costs(int8, training={"batch_size": size}) for size in (16, 64))
    assert large[0].memory_bytes > small[0].memory_bytes
    assert large[1].memory_bytes == small[1].memory_bytes < small[0].memory_bytes


def test_quantising_is_short_beside_training() -> None:
    trained, quantised = costs({"step": "post_training_quantization"})
    assert quantised.seconds < 0.1 * trained.seconds


def test_a_run_takes_the_time_of_all_stages_and_the_memory_of_the_largest() -> None:
    several = costs({"step": "magnitude_pruning"}, {"step": "post_training_quantization"})
    total = total_cost(several)
    assert total.seconds > sum(cost.seconds for cost in several)
    assert total.disk_bytes == sum(cost.disk_bytes for cost in several)
    assert total.memory_bytes == max(cost.memory_bytes for cost in several)
