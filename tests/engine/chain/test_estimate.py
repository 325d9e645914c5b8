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


def test_relations_of_three_images_take_the_memory_of_all_triples() -> None:
    rkd = {"step": "knowledge_distillation", "relation": "rkd", "relation_weight": 25.0, "student_width": 0.25}
    small, large = (costs(rkd, training={"batch_size": size})[1].memory_bytes for size in (256, 512))
    gram = costs(rkd | {"relation": "gram"}, training={"batch_size": 512})[1].memory_bytes
    triples = 4 * 512**3
    assert large - gram > 4 * triples
    assert large - small > 3 * triples


def test_quantising_is_short_beside_training() -> None:
    trained, quantised = costs({"step": "post_training_quantization"})
    assert quantised.seconds < 0.1 * trained.seconds


def test_a_run_takes_the_time_of_all_stages_and_the_memory_of_the_largest() -> None:
    several = costs({"step": "magnitude_pruning"}, {"step": "post_training_quantization"})
    total = total_cost(several)
    assert total.seconds > sum(cost.seconds for cost in several)
    assert total.disk_bytes == sum(cost.disk_bytes for cost in several)
    assert total.memory_bytes == max(cost.memory_bytes for cost in several)


FROZEN = {"kind": "vgg16", "freeze_base": True, "weights": "imagenet.h5"}


def baseline_seconds(augment: tuple[str, ...], unfreeze_epoch: int = 0, epochs: int = 30) -> float:
    training = {"epochs": epochs, "augment": augment, "unfreeze_epoch": unfreeze_epoch}
    recipe = Recipe(backbone=FROZEN, images={"size": 224}, training=training)
    (stage,) = plan(recipe, "images").stages
    return stage_seconds(recipe, stage, WORK)


def test_a_frozen_base_is_computed_once_for_all_epochs_unless_images_are_augmented() -> None:
    once, again = baseline_seconds(()), baseline_seconds(("hflip",))
    assert 10 * once < again
    assert baseline_seconds((), epochs=60) < 1.2 * once
    assert baseline_seconds((), unfreeze_epoch=16) > 10 * once, "from then on the whole network trains"


def test_the_speed_of_a_machine_is_the_same_whether_the_base_trains_or_not() -> None:
    recipe = Recipe(backbone=FROZEN, images={"size": 224}, training={"epochs": 30, "augment": ["hflip"]})
    (stage,) = plan(recipe, "images").stages
    measured = replace(WORK, validation_images=0, macs_per_second=training_macs_per_second(recipe, WORK, 60.0))
    two, one = (stage_seconds(recipe, replace(stage, epochs=epochs), measured) for epochs in (2, 1))
    assert two - one == pytest.approx(60.0, rel=0.01)
