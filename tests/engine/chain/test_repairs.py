"""One-click repairs: each makes a recipe of a recipe, and what it was offered for is mended."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from engine.chain.preflight import errors, preflight
from engine.contract.events import RunStarted, event_line, parse_event
from engine.contract.findings import Finding
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.repairs import repaired
from engine.workbench.step import STEPS

QAT = {"step": "quantization_aware_training"}
PRUNED = {"step": "magnitude_pruning"}
CLUSTERED = {"step": "weight_clustering"}
DISTILLED = {"step": "knowledge_distillation", "student": "mobilenet_v2", "student_width": 0.1}
INT8 = {"step": "post_training_quantization", "scheme": "int8"}
AUTOMATIC = INT8 | {"scheme": "mixed", "layers": "auto", "max_bytes": 100_000}
FLOAT16 = {"step": "post_training_quantization", "scheme": "float16"}
MAX_PRESSES = 5
NAMES = {"quantization_aware_training": "QAT", "magnitude_pruning": "prune", "weight_clustering": "cluster"}


def recipe(*steps: dict[str, Any], **more: Any) -> Recipe:
    return Recipe(chains=(ChainSettings(name="one", steps=steps),), **more)


def orders(made: Recipe) -> list[list[str]]:
    return [[NAMES.get(step.step) or step.label() for step in chain.steps] for chain in made.chains]


def offered(made: Recipe, words: str) -> Finding:
    return next(finding for finding in preflight(made) if words in finding.message and finding.repair)


@pytest.mark.parametrize(
    ("made", "sentence", "mended"),
    [
        (recipe(QAT, PRUNED), "Put pruning 80 % before QAT", [["prune", "QAT"]]),
        (recipe(CLUSTERED, PRUNED), "Put pruning 80 % before 32 clusters", [["prune", "cluster"]]),
        (recipe(QAT, CLUSTERED), "Put 32 clusters before QAT", [["cluster", "QAT"]]),
        (recipe(CLUSTERED, QAT, PRUNED), "Put pruning 80 % before 32 clusters", [["prune", "cluster", "QAT"]]),
        (recipe(QAT, QAT), "Remove the second QAT", [["QAT"]]),
        (recipe(INT8, INT8), "Remove the second int8", [["int8"]]),
        (recipe(QAT, FLOAT16), "Quantise to int8", [["QAT", "int8"]]),
        (recipe(INT8, PRUNED, CLUSTERED), "Put int8 at the end", [["prune", "cluster", "int8"]]),
        (
            recipe(PRUNED, INT8, FLOAT16),
            "Give float16 a chain of its own",
            [["prune", "int8"], ["prune", "float16"]],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_an_order_that_is_refused_is_mended_by_its_button(made: Recipe, sentence: str, mended: list[list[str]]) -> None:
    fault = errors(preflight(made))[0]
    assert fault.repair is not None
    assert fault.repair.sentence == sentence
    better = repaired(made, fault.repair)
    assert orders(better) == mended
    assert not errors(preflight(better))


@pytest.mark.parametrize("first", STEPS.keys())
def test_every_order_of_three_becomes_one_that_runs_by_pressing_its_buttons(first: str) -> None:
    for others in itertools.product(STEPS.keys(), repeat=2):
        keys = (first, *others)
        made = recipe(*({"step": key} for key in keys))
        for _ in range(MAX_PRESSES):
            if not (faults := errors(preflight(made))):
                break
            assert faults[0].repair is not None, (keys, faults[0].message)
            made = repaired(made, faults[0].repair)
        assert not errors(preflight(made)), keys
        # A transfer needs zeros; where sparse training makes them, no pruning has to be inserted.
        needed = {"magnitude_pruning"} if "sparse_transfer" in keys else set()
        present = {step.step for chain in made.chains for step in chain.steps}
        assert present in ({*keys, *needed}, set(keys)), keys
        assert needed <= present or "dynamic_sparse_training" in keys, keys


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (recipe(INT8 | {"scheme": "mixed"}), "which layers get which"),
        (recipe(INT8 | {"layers": {"*": "int8"}}), "applies only to the scheme mixed"),
        (recipe(INT8 | {"calibration_images": 5}), "may miss the range"),
        (recipe(INT8), "without quantisation-aware training"),
        (recipe(AUTOMATIC | {"rounding": "adaptive"}), "verifies files without rounding"),
        (recipe(AUTOMATIC | {"weight_ranges": "mse"}), "verifies files without weight_ranges"),
        (recipe(CLUSTERED, INT8 | {"rounding": "adaptive"}), "up or down one by one"),
        (recipe(INT8 | {"rounding": "adaptive", "bias_correction": True}), "meets the mean of each channel"),
        (recipe(INT8 | {"scheme": "int4", "rounding": "adaptive", "calibration_images": 5}), "is little to learn"),
        (recipe(FLOAT16 | {"rounding": "adaptive"}), "applies only to int8, int16x8, mixed, int4"),
        (recipe(QAT, INT8 | {"weight_ranges": "mse"}), "weight_ranges does nothing there"),
        (recipe(INT8 | {"lookup_tables": True}), "no weight clustering comes before"),
        (recipe(PRUNED, QAT, INT8 | {"lookup_tables": True}), "no weight clustering comes before"),
        (recipe(CLUSTERED, FLOAT16 | {"lookup_tables": True}), "lookup_tables applies only to the scheme int8"),
        (recipe(CLUSTERED | {"clusters": 200}, INT8 | {"lookup_tables": True}), "at most 128 values"),
        (recipe(PRUNED, PRUNED), "before it leaves"),
        (recipe(PRUNED | {"sparsity": 0.99}), "with the iterative schedule"),
        (recipe(PRUNED, QAT, DISTILLED), "stays in its teacher"),
        (recipe(QAT, DISTILLED | {"kind": "online"}), "cannot be trained further"),
        (recipe(DISTILLED | {"alpha": 1.0}), "no influence"),
        (
            recipe(DISTILLED | {"student_width": 1.0}, backbone={"kind": "resnet18", "width": 0.25}),
            "does not become smaller",
        ),
        (recipe(PRUNED), "smaller only when it is zipped"),
        (recipe(CLUSTERED, CLUSTERED), "An earlier clustering leaves"),
        (recipe(CLUSTERED | {"clusters": 1000}), "clusters beyond these are lost"),
        (recipe(), "has no steps"),
        (Recipe(chains=tuple(ChainSettings(name=name, steps=(INT8,)) for name in "ab")), "have the same steps"),
        (Recipe(dataset={"kind": "phantm"}), 'Did you mean "phantom"'),
        (Recipe(dataset={"class_folders": {"a": ["a*"]}}), "does not read"),
        (Recipe(training={"optimizer": "adamw", "weight_decay": 0}), "is adam"),
        (Recipe(training={"unfreeze_epoch": 2}), "nothing to unfreeze"),
        (Recipe(backbone={"kind": "resnet_18"}), 'Did you mean "resnet18"'),
        (Recipe(backbone={"freeze_base": True}), "learns nothing"),
        (Recipe(dataset={"classes": ("a", "b", "c")}, backbone={"output": "sigmoid"}), "distinguishes only two"),
    ],
)  # fmt: skip
def test_what_its_button_does_is_what_the_finding_asks_for(made: Recipe, words: str) -> None:
    found = offered(made, words)
    assert found.repair is not None
    better = preflight(repaired(made, found.repair))
    assert found.message not in {finding.message for finding in better}
    assert len(errors(better)) == len(errors(preflight(made))) - (found in errors(preflight(made)))


def test_what_was_true_of_the_teacher_is_not_of_its_student() -> None:
    made = recipe(CLUSTERED, QAT, DISTILLED, PRUNED, CLUSTERED, FLOAT16)
    assert not errors(preflight(made))


def test_a_chain_of_its_own_takes_a_name_that_is_free() -> None:
    taken = ChainSettings(name="one float16", steps=(FLOAT16,))
    made = Recipe(chains=(*recipe(PRUNED, INT8, FLOAT16).chains, taken))
    repair = errors(preflight(made))[0].repair
    assert repair is not None
    assert [chain.name for chain in repaired(made, repair).chains] == ["one", "one float16 2", "one float16"]


def test_what_one_edit_mends_in_several_image_settings_is_said_once() -> None:
    wide = DISTILLED | {"student_width": 1.0}
    made = recipe(wide, images={"size": [64, 48, 32]}, backbone={"kind": "resnet18", "width": 0.25, "head": "flatten"})
    assert sum("does not become smaller" in finding.message for finding in preflight(made)) == 1


def test_a_repair_goes_through_the_event_channel() -> None:
    findings = preflight(recipe(QAT, PRUNED, INT8, FLOAT16))
    event = RunStarted(run="r", directory="d", name="n", recipe="", stages=(), findings=findings)
    parsed = parse_event(event_line(event))
    assert isinstance(parsed, RunStarted)
    assert parsed.findings == findings
