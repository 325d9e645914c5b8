"""Training from scratch says beforehand what it would lose, and draws its first weights by the recipe's seed."""

from __future__ import annotations

from typing import Any

from engine.chain.preflight import errors, preflight
from engine.contract.findings import Severity
from engine.contract.recipe import Recipe


def recipe_with(*steps: dict[str, object], **more: object) -> Recipe:
    return Recipe.model_validate({"chains": [{"name": "chain", "steps": steps}]} | more)


SCRATCH: dict[str, object] = {"step": "train_from_scratch"}
PRUNING: dict[str, object] = {"step": "magnitude_pruning"}
QAT: dict[str, object] = {"step": "quantization_aware_training"}


def test_it_says_which_zeros_it_would_lose() -> None:
    found = [one for one in preflight(recipe_with(PRUNING, SCRATCH)) if one.severity is Severity.WARNING]
    assert any("what pruning 80 % made is lost" in one.message for one in found)


def test_it_does_not_follow_int8_rounding() -> None:
    (fault,) = errors(preflight(recipe_with(QAT, SCRATCH)))
    assert "already round for int8" in fault.message


def test_without_a_training_before_it_needs_epochs() -> None:
    untrained: dict[str, Any] = {"training": {"train": False}, "backbone": {"weights": "some.h5"}}
    faults = [one.message for one in errors(preflight(recipe_with(SCRATCH, **untrained)))]
    assert any("set epochs" in one for one in faults)
    faults = [one.message for one in errors(preflight(recipe_with({**SCRATCH, "epochs": 5}, **untrained)))]
    assert not any("set epochs" in one for one in faults)
