"""The branches of an image grid: one baseline and all chains per setting, under the keys that single recipes have."""

from __future__ import annotations

from typing import Any

import pytest

from engine.backbones.backbone import layer_graph
from engine.chain.branches import plan_branches
from engine.chain.estimate import Work, estimate_seconds
from engine.chain.planning import plan_run
from engine.chain.preflight import preflight
from engine.chain.stage_tree import plan
from engine.contract.findings import Severity
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import ChainSettings, Recipe
from engine.datasets.cache.preparation import dataset_fingerprint, scan
from engine.feeding.pipeline import network_input_shape
from engine.store.locations import Locations

PRUNED = {"step": "magnitude_pruning", "sparsity": 0.8}
INT8 = {"step": "post_training_quantization", "scheme": "int8"}
PAPER_T_SIZES = [[224, 224], [150, 150], [100, 100], [64, 64]]


def recipe(images: dict[str, Any], **more: Any) -> Recipe:
    chains = (ChainSettings(name="P", steps=(PRUNED,)), ChainSettings(name="PQ", steps=(PRUNED, INT8)))
    return Recipe(dataset={"limit_per_class": 10}, images=images, chains=chains, **more)


def test_a_grid_has_the_very_stages_of_its_single_recipes(tmp_path: Any) -> None:
    grid = {"size": [[64, 64], [48, 32]], "jpeg_quality": [0, 75], "dwt": ["off", {"wavelet": "haar"}]}
    planned = plan_run(recipe(grid), Locations(tmp_path))
    singles = [
        recipe({"size": size, "jpeg_quality": quality} | dwt)
        for size in (64, [48, 32])
        for quality in (0, 75)
        for dwt in ({}, {"dwt": {}})
    ]
    expected = [stage for single in singles for stage in plan_run(single, Locations(tmp_path)).planned_stages()]
    stages = planned.planned_stages()
    assert [stage.key for stage in stages] == [stage.key for stage in expected]
    assert len({stage.key for stage in stages}) == 8 * 3
    assert [stage.estimated_seconds for stage in stages] == [stage.estimated_seconds for stage in expected]
    assert [stage.title for stage in stages if stage.parent is None][:2] == [
        "64 px, no JPEG, no DWT: baseline resnet18 ×1", "64 px, no JPEG, haar LL: baseline resnet18 ×1",
    ]  # fmt: skip
    assert {stage.setting for stage in expected} == {""}


def test_settings_that_differ_in_the_transform_only_share_their_decoded_images() -> None:
    grid = recipe({"size": [64, 48, 32], "dwt": ["off", {}]})
    index = scan(grid.dataset, grid.seed)
    branches = plan_branches(grid, lambda dataset, images, repeat: dataset_fingerprint(index, images, grid.seed))
    assert len(branches) == 6
    assert len({branch.fingerprint for branch in branches}) == 3
    assert len({branch.tree.stages[0].key for branch in branches}) == 6


def test_a_whole_grid_has_no_single_tree() -> None:
    with pytest.raises(AssertionError, match="one tree per branch"):
        plan(recipe({"jpeg_quality": [0, 75]}), "images")


def test_the_estimate_is_that_of_all_baselines_and_chains() -> None:
    work = Work(1000, 200, 200, 2)
    start = estimate_seconds(Recipe(), work) - estimate_seconds(Recipe(), Work(0, 0, 0, 2))
    assert start > 0
    single = [estimate_seconds(recipe({"size": side}), work) for side in (64, 32)]
    empty = estimate_seconds(recipe({"size": 64}), Work(0, 0, 0, 2))
    both = estimate_seconds(recipe({"size": [[64, 64], [32, 32]]}), work)
    assert sum(single) - empty < both < sum(single)


def test_the_head_of_paper_t_has_its_parameters_at_each_size() -> None:
    backbone = {"kind": "vgg16", "freeze_base": True, "head": "flatten", "weights": "imagenet.h5"}
    grid = recipe({"size": PAPER_T_SIZES}, backbone=backbone)
    heads = [
        layer_graph(branch.backbone, network_input_shape(branch.images.first), 2).trainable_parameters(freeze_base=True)
        for branch in grid.branches()
    ]
    assert heads == [25_089, 8_193, 4_609, 2_049]


def test_the_pre_flight_counts_the_baselines_and_says_what_holds_for_all_once() -> None:
    found = preflight(recipe({"size": [64, 48, 32]}, backbone={"freeze_base": True}), class_count=2)
    assert sum(finding.severity is Severity.WARNING for finding in found) == 1
    assert "3 baselines are trained" in found[0].message


def test_the_pre_flight_finds_the_one_setting_that_cannot_work() -> None:
    found = preflight(recipe({"size": [64, 48, 16]}, backbone={"kind": "vgg16"}), class_count=2)
    (fault,) = [finding for finding in found if finding.severity is Severity.ERROR]
    assert "16×16" in fault.message


def test_a_pair_that_may_have_been_meant_as_two_sizes_is_noted() -> None:
    (note,) = [found for found in preflight(recipe({"size": [96, 64]}), class_count=2) if found.where == "images.size"]
    assert note.severity is Severity.NOTE
    assert "96 pixels high and 64 wide; two sizes would be [[96, 96], [64, 64]]" in note.message
    assert preflight(Recipe(images=ImageSettings(size=(64, 64))), class_count=2) == ()
