"""The stage tree: shared beginnings, and keys that change with all that matters and with nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from engine.chain.estimate import Work, estimate_seconds, stage_seconds
from engine.chain.stage_tree import Stage, plan, step_key, stopped_key
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_options import DATASET_OPTIONS
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.section import Section
from engine.contract.training_settings import TrainingSettings

PRUNED = {"step": "magnitude_pruning", "sparsity": 0.8}
INT8 = {"step": "post_training_quantization", "scheme": "int8"}


def recipe(*chains: tuple[dict[str, Any], ...], **more: Any) -> Recipe:
    named = tuple(ChainSettings(name=f"chain {place}", steps=steps) for place, steps in enumerate(chains))
    return Recipe(chains=named, **more)


def test_chains_share_their_common_beginning() -> None:
    tree = plan(recipe((PRUNED,), (PRUNED, INT8), (INT8,)), "images")
    assert [stage.title for stage in tree.stages] == ["Baseline resnet18 ×1", "pruning 80 %", "int8", "int8"]
    pruned = tree.stages[1]
    assert pruned.chains == ("chain 0", "chain 1")
    assert pruned.ends == ("chain 0",)
    assert tree.end_of("chain 1").parent == pruned.key
    assert tree.end_of("baseline") is tree.stages[0]


def test_two_equal_chains_are_one_stage_with_two_ends() -> None:
    tree = plan(recipe((INT8,), (INT8,)), "images")
    assert len(tree.stages) == 2
    assert tree.stages[1].ends == ("chain 0", "chain 1")


def test_parents_come_before_children() -> None:
    tree = plan(recipe((PRUNED, INT8), (INT8,)), "images")
    seen: set[str | None] = {None}
    for stage in tree.stages:
        assert stage.parent in seen
        seen.add(stage.key)


def test_names_do_not_change_keys() -> None:
    one, two = recipe((PRUNED,)), recipe((PRUNED,)).model_copy(update={"name": "another"})
    assert [s.key for s in plan(one, "images").stages] == [s.key for s in plan(two, "images").stages]


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 8}, {"images": {"size": 64}}, {"images": {"scale": "standardize"}}, {"backbone": {"width": 0.5}},
        {"training": {"epochs": 11}},
    ],
    ids=str,
)  # fmt: skip
def test_whatever_training_depends_on_changes_all_keys(change: dict[str, Any]) -> None:
    before, after = plan(recipe((PRUNED,)), "images"), plan(recipe((PRUNED,), **change), "images")
    assert not {stage.key for stage in before.stages} & {stage.key for stage in after.stages}


def test_other_images_change_all_keys_and_another_step_only_its_own() -> None:
    base = plan(recipe((PRUNED,)), "images")
    assert not {s.key for s in base.stages} & {s.key for s in plan(recipe((PRUNED,)), "others").stages}
    other = plan(recipe((PRUNED | {"sparsity": 0.9},)), "images")
    assert other.stages[0].key == base.stages[0].key
    assert other.stages[1].key != base.stages[1].key


def test_a_stopped_stage_has_a_key_of_its_own_and_so_have_its_children() -> None:
    baseline, pruned = plan(recipe((PRUNED,)), "images").stages
    stopped = stopped_key(baseline.key, 3)
    assert stopped not in {baseline.key, stopped_key(baseline.key, 4)}
    assert pruned.parameters is not None
    assert step_key(stopped, pruned.parameters, "images") != pruned.key
    assert step_key(baseline.key, pruned.parameters, "images") == pruned.key


def test_a_step_with_its_own_dataset_is_named_by_its_images_and_so_is_what_comes_after() -> None:
    def stages(path: str, content: str) -> tuple[Stage, ...]:
        transfer = {"step": "sparse_transfer", "dataset": {"kind": "image_folder", "path": path}}
        return plan(recipe((PRUNED, transfer, INT8), (PRUNED,)), "images", lambda dataset: content).stages

    first, moved, changed = stages("/a", "one"), stages("/b/a", "one"), stages("/a", "two")
    assert [stage.images for stage in first] == ["images", "images", "one", "one"]
    assert [stage.dataset is not None for stage in first] == [False, False, True, True]
    assert [stage.key for stage in first] == [stage.key for stage in moved]
    assert [a.key == b.key for a, b in zip(first, changed, strict=True)] == [True, True, False, False]


def test_estimates_grow_with_images_epochs_and_width() -> None:
    work, ten = Work(1000, 200, 200, 2), {"epochs": 10}
    small = estimate_seconds(recipe((PRUNED,), training=ten), work)
    assert estimate_seconds(recipe((PRUNED,), training=ten), Work(2000, 400, 400, 2)) > 1.5 * small
    assert estimate_seconds(recipe((PRUNED,), training={"epochs": 20}), work) > small
    assert estimate_seconds(recipe((PRUNED,), training=ten, backbone={"width": 0.25}), work) < small
    within = estimate_seconds(recipe((PRUNED,), training={"budget_minutes": 1}), Work(50_000, 200, 200, 2))
    assert within < estimate_seconds(recipe((PRUNED,), training={"budget_minutes": 20}), Work(50_000, 200, 200, 2))
    tree = plan(recipe((INT8,)), "images")
    assert stage_seconds(recipe((INT8,)), tree.stages[1], work) < stage_seconds(recipe((INT8,)), tree.stages[0], work)


def every_section() -> list[type[Section]]:
    found, left = [], [Section]
    while left:
        left += left.pop().__subclasses__()
        found += left
    return [section for section in dict.fromkeys(found) if section.__module__.startswith("engine.")]


def test_every_value_of_every_section_is_hashed() -> None:
    """A default that changes one day makes other keys: no stage is taken for one of other settings."""
    sections = every_section()
    assert {TrainingSettings, BackboneSettings, ImageSettings}.issubset(sections)
    for section in sections:
        fields = section.model_fields
        if all(not field.is_required() for field in fields.values()):
            # What a source alone has stands among the other values of its dataset.
            own = {"options"} if section is DatasetSettings else set()
            assert set(section().stage_document()) == set(fields) - own, section
    for kind in DATASET_OPTIONS:
        assert set(DATASET_OPTIONS[kind].model_fields) <= set(DatasetSettings(kind=kind).stage_document()), kind
