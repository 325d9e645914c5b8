"""The pre-flight says before training which chains cannot keep what the target asks of runtimes, arena and size."""

from __future__ import annotations

import sys

import pytest

from engine.chain.preflight import preflight
from engine.contract.errors import RecipeError
from engine.contract.findings import Severity
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import parse_recipe, recipe_text

HEAD = """
schema = 1
[backbone]
kind = "resnet18"
width = 0.25
[images]
size = 32
[target]
"""
SCHEMES = ("float16", "dynamic_range", "int8", "int16x8", "int4")


def recipe(target: str, *schemes: str, more: str = "") -> Recipe:
    chains = (
        f'[[chains]]\nname = "{one}"\nsteps = [{{ step = "post_training_quantization", scheme = "{one}"{more} }}]\n'
        for one in schemes
    )
    return parse_recipe(f"{HEAD}{target}\n{''.join(chains)}")


def said(of: Recipe) -> list[tuple[str, str]]:
    found = [one for one in preflight(of) if one.where.startswith("target")]
    assert all(one.severity is Severity.WARNING for one in found)
    return [(one.where, one.message) for one in found]


def test_a_recipe_with_limits_is_written_as_it_was_read() -> None:
    asked = recipe('runs_on = ["litert", "tflm"]\narena_bytes = 262144\nmodel_bytes = 1048576')
    assert asked.target.runs_on == ("litert", "tflm")
    assert parse_recipe(recipe_text(asked)) == asked


def test_an_unknown_runtime_names_the_nearest() -> None:
    with pytest.raises(RecipeError, match='did you mean "tflm"'):
        recipe('runs_on = ["tflmm"]')


def test_what_tensorflow_lite_micro_will_not_run_is_said_of_each_chain() -> None:
    found = said(recipe('runs_on = ["litert", "tflm"]', *SCHEMES))
    assert [where for where, _ in found] == ["target.runs_on"] * 3
    refused = [message.split('"')[1] for _, message in found]
    assert refused == ["float16", "dynamic_range", "int4"]
    assert found[0][1] == (
        'The file of "float16" will not run on TensorFlow Lite Micro, as target.runs_on asks: TensorFlow Lite Micro '
        "does not widen float16 weights to floats."
    )
    assert said(recipe('runs_on = ["litert", "litert_reference"]', *SCHEMES)) == []


def test_a_runtime_that_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tflite_micro", None)
    found = said(recipe('runs_on = ["tflm"]', "int8"))
    assert len(found) == 1
    assert found[0][1].startswith("TensorFlow Lite Micro is missing here, so target.runs_on will not be judged: ")
    assert [where for where, _ in said(recipe("arena_bytes = 1_000_000", "int8"))] == ["target.arena_bytes"]


def test_sizes_that_cannot_be_kept_are_said() -> None:
    found = said(recipe("model_bytes = 800_000\narena_bytes = 40_000", "float16", "int8"))
    assert [(where, message.split('"')[1]) for where, message in found] == [
        ("target.model_bytes", "float16"),
        ("target.arena_bytes", "float16"),
    ]
    assert "take about 1,372.5 KiB, more than the 781.2 KiB of target.model_bytes" in found[0][1]
