"""The pre-flight: what cannot work is refused before training, each with its place and its reason."""

from __future__ import annotations

import time
from typing import Any

import pytest

from engine.chain.preflight import errors, preflight
from engine.contract.findings import Severity
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.repairs import SetValue

INT8 = {"step": "post_training_quantization", "scheme": "int8"}
FLOAT16 = {"step": "post_training_quantization", "scheme": "float16"}
PRUNED = {"step": "magnitude_pruning"}
SMALLER = {"step": "channel_pruning"}
SPARSE = {"step": "dynamic_sparse_training", "control": False}


def recipe(*steps: dict[str, Any], **more: Any) -> Recipe:
    return Recipe(chains=(ChainSettings(name="one", steps=steps),), **more)


def test_a_good_recipe_has_no_findings() -> None:
    assert preflight(recipe(PRUNED, FLOAT16), class_count=2) == ()


@pytest.mark.parametrize(
    ("made", "where", "message"),
    [
        (recipe(INT8, PRUNED), "chains[0].steps[1]", "move int8 to the end"),
        (recipe(dataset={"kind": "image_foldr"}), "dataset.kind", 'Did you mean "image_folder"'),
        (recipe(backbone={"kind": "resnet_18"}), "backbone.kind", 'Did you mean "resnet18"'),
        (recipe(images={"size": 16}, backbone={"kind": "vgg16"}), "backbone", "at least 32 pixels"),
        (recipe(images={"dwt": {"wavelet": "haarr"}}), "images", "There is no wavelet"),
        (recipe(images={"size": 16, "dwt": {"level": 4}}), "images", "use a lower level"),
        (recipe(backbone={"weights": "/nowhere/a.h5"}), "backbone.weights", "check the path"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_an_error_with_its_place(made: Recipe, where: str, message: str) -> None:
    found = errors(preflight(made))
    assert [finding.where for finding in found] == [where]
    assert message in found[0].message


def test_a_transfer_needs_zeros_to_carry_and_another_dataset() -> None:
    transfer = {"step": "sparse_transfer", "dataset": {"kind": "phantom", "limit_per_class": 20}}
    assert errors(preflight(recipe(PRUNED, transfer, INT8), class_count=2)) == ()
    (alone,) = errors(preflight(recipe(transfer)))
    assert "no zeros to carry" in alone.message
    (late,) = errors(preflight(recipe(PRUNED, {"step": "weight_clustering"}, transfer)))
    assert "Training on other images undoes the clusters" in late.message
    unknown = transfer | {"dataset": {"kind": "phantm"}}
    (source,) = errors(preflight(recipe(PRUNED, unknown)))
    assert (source.where, "phantom" in source.message) == ("chains[0].steps[1].dataset.kind", True)
    same = preflight(recipe(PRUNED, {"step": "sparse_transfer"}))
    assert any("nothing is transferred" in finding.message for finding in same)


def test_sixteen_bits_are_refused_where_the_network_or_its_student_has_a_hard_swish() -> None:
    sixteen = {"step": "post_training_quantization", "scheme": "int16x8"}
    v3 = {"kind": "mobilenet_v3_small", "width": 0.25}
    (refused,) = errors(preflight(recipe(sixteen, backbone=v3)))
    assert refused.where == "chains[0].steps[0].scheme"
    assert "no 16-bit operator" in refused.message
    assert not errors(preflight(recipe(sixteen | {"float_fallback": True}, backbone=v3)))
    student = {"step": "knowledge_distillation", "student": "resnet8", "student_width": 0.5}
    assert not errors(preflight(recipe(student, sixteen, backbone=v3)))
    distilled = recipe(student | {"student": "mobilenet_v3_small"}, sixteen, backbone={"kind": "resnet50"})
    assert [finding.where for finding in errors(preflight(distilled))] == ["chains[0].steps[1].scheme"]


def test_a_scheme_for_layers_that_are_not_there_is_refused() -> None:
    mixed = {"step": "post_training_quantization", "scheme": "mixed", "layers": {"stem_*": "float16", "*": "int8"}}
    assert not errors(preflight(recipe(mixed)))
    (refused,) = errors(preflight(recipe(mixed, backbone={"kind": "mobilenet_v1"})))
    assert refused.where == "chains[0].steps[0].layers"
    assert "'stem_*'" in refused.message
    assert "begin with conv1, conv_dw_1, " in refused.message


def test_what_is_unwise_is_a_warning() -> None:
    few = preflight(recipe(INT8 | {"calibration_images": 5}))
    assert "may miss the range" in next(found for found in few if found.severity is Severity.WARNING).message
    frozen = preflight(recipe(PRUNED, backbone={"freeze_base": True}))
    assert any("learns nothing" in found.message for found in frozen)
    again = preflight(recipe(PRUNED | {"sparsity": 0.9}, PRUNED | {"sparsity": 0.5}))
    assert "leaves a sparsity of 0.9" in again[0].message


@pytest.mark.parametrize(
    ("step", "field", "value", "said"),
    [
        (INT8 | {"scheme": "int4", "calibration": "mse"}, "calibration", "minmax", 'with scheme = "int4"'),
        (INT8 | {"rounding_iterations": 5}, "rounding_iterations", 1000, 'with rounding = "nearest"'),
        (INT8 | {"percentile": 95.0}, "percentile", 99.99, 'with calibration = "minmax"'),
        (SMALLER | {"sparsity_epochs": 3}, "sparsity_epochs", 4, "with group_sparsity = 0"),
        (
            SMALLER | {"epochs": 0, "learning_rate": 0.1},
            "learning_rate",
            0.0,
            "with epochs = 0 and group_sparsity = 0",
        ),
        ({"step": "low_rank", "epochs": 0, "learning_rate": 0.1}, "learning_rate", 0.0, "with epochs = 0"),
        ({"step": "weight_clustering", "epochs": 0, "learning_rate": 0.1}, "learning_rate", 0.0, "with epochs = 0"),
        (PRUNED | {"norm": "l2"}, "norm", "l1", 'with pattern = "unstructured"'),
        (SPARSE | {"sparsity": 0.0, "method": "set"}, "method", "rigl", "with sparsity = 0"),
        (PRUNED | {"pattern": "2:4", "schedule": "one_shot", "norm": "l2"}, "norm", "l1", 'with pattern = "2:4" and'),
        (SMALLER | {"criterion_images": 4}, "criterion_images", 256, 'with allocation = "uniform" and criterion ='),
        (SPARSE | {"stop_fraction": 0.0, "method": "set"}, "method", "rigl", "with stop_fraction = 0"),
        (SPARSE | {"drop_fraction": 0.0, "update_every": 7}, "update_every", 100, "with drop_fraction = 0"),
        (
            {"step": "knowledge_distillation", "student_width": 0.5, "alpha": 1.0, "temperature": 3.0},
            "temperature",
            10.0,
            "with alpha = 1",
        ),
    ],
)
def test_a_setting_without_effect_is_told_with_a_repair(
    step: dict[str, Any], field: str, value: object, said: str
) -> None:
    (found,) = [one for one in preflight(recipe(step), class_count=2) if "has no effect" in one.message]
    assert found.where == f"chains[0].steps[0].{field}"
    assert found.message.startswith(f"{field} has no effect {said}")
    assert isinstance(found.repair, SetValue)
    assert found.repair.value == value


def test_what_the_rounds_have_of_their_own_overrules() -> None:
    rounds = PRUNED | {"schedule": "iterative", "rounds": 2, "learning_rate": 0.1}
    told = preflight(recipe(rounds | {"round_learning_rates": [0.1, 0.2]}))
    (found,) = [one.message for one in told if "has no effect" in one.message]
    assert found == (
        "learning_rate has no effect beside round_learning_rates; leave it out, or change round_learning_rates."
    )
    none = preflight(recipe(rounds | {"round_epochs": [0, 0], "round_rate_schedules": ["step", "step"]}))
    assert {one.where.rpartition(".")[2] for one in none} >= {"learning_rate", "round_rate_schedules"}
    assert any("nothing is pruned" in one.message for one in preflight(recipe(PRUNED | {"sparsity": 0.0})))


def test_a_setting_that_another_one_uses_too_is_not_told() -> None:
    for quiet in (
        SMALLER | {"allocation": "sensitivity", "criterion_images": 4},
        PRUNED | {"pattern": "2:4", "norm": "l2"},
    ):
        assert not [one for one in preflight(recipe(quiet)) if "has no effect" in one.message]
    sparse_before = SMALLER | {"epochs": 0, "learning_rate": 0.1, "group_sparsity": 1e-3, "sparsity_epochs": 3}
    assert not [one for one in preflight(recipe(sparse_before)) if "has no effect" in one.message]


def test_a_mixed_file_of_floats_rounds_nothing() -> None:
    mixed = INT8 | {"scheme": "mixed", "rounding": "adaptive", "bias_correction": True, "calibration_images": 20}
    found = preflight(recipe(mixed | {"layers": {"*": "float16"}}))
    told = {one.where.rpartition(".")[2] for one in found if "all layers here are floats" in one.message}
    assert told == {"rounding", "bias_correction", "calibration_images"}
    assert not any("is little to learn" in one.message for one in found)
    rounded = preflight(recipe(mixed | {"layers": {"*": "int4"}, "calibration": "mse"}))
    assert not any("are floats" in one.message for one in rounded)
    assert any("no layer here is int8" in one.message for one in rounded)


def test_one_sigmoid_unit_is_refused_once_the_classes_are_known() -> None:
    made = recipe(backbone={"output": "sigmoid"})
    assert not errors(preflight(made))
    assert errors(preflight(made, class_count=10))


def test_equal_chains_are_noted() -> None:
    twice = Recipe(chains=tuple(ChainSettings(name=name, steps=(FLOAT16,)) for name in "ab"))
    assert "the same steps" in preflight(twice)[0].message


def test_advice_for_several_chains_is_said_once() -> None:
    chains = (ChainSettings(name="a", steps=(INT8,)), ChainSettings(name="b", steps=(PRUNED, INT8)))
    messages = [finding.message for finding in preflight(Recipe(chains=chains))]
    assert len(messages) == len(set(messages))
    assert any("without quantisation-aware training" in message for message in messages)


def test_it_is_quick_enough_to_run_as_one_types() -> None:
    made = recipe(PRUNED, INT8)
    preflight(made, 2)
    started = time.perf_counter()
    for _ in range(10):
        preflight(made, 2)
    assert (time.perf_counter() - started) / 10 < 0.05


def test_augmentation_over_a_frozen_base_is_said_to_cost_time() -> None:
    frozen = {"freeze_base": True, "weights": "imagenet.h5"}

    def told(**training: object) -> list[str]:
        found = preflight(recipe(PRUNED, backbone=frozen, training={"epochs": 30, "augment": ["hflip"], **training}))
        return [finding.message for finding in found if "the frozen base is computed" in finding.message]

    assert "up to 30 times as fast" in told()[0]
    assert "up to 9 times as fast" in told(unfreeze_epoch=10)[0]
    assert not told(augment=[])
    assert not told(unfreeze_epoch=2)


@pytest.mark.parametrize(("has", "said"), [(True, ""), (False, "does not compute in bfloat16"), (None, "found out")])
def test_bfloat16_is_refused_where_the_processor_has_none(
    monkeypatch: pytest.MonkeyPatch, has: bool | None, said: str
) -> None:
    features = {} if has is None else {"AVX512BF16": has}
    monkeypatch.setattr("engine.launch.bfloat16_processor.instructions", lambda: features)
    faults = errors(preflight(recipe(PRUNED, training={"precision": "mixed_bfloat16"})))
    assert len(faults) == bool(said)
    if said:
        assert said in faults[0].message
        assert faults[0].where == "training.precision"
