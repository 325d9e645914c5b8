"""The contract that every step of the registry keeps, now and later."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from engine.chain.preflight import errors, preflight
from engine.contract.findings import Severity
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.recipe_file import parse_recipe, recipe_text
from engine.contract.step_parameters import StepParameters
from engine.export.tflite_conversion import converter_tflite, float32_tflite
from engine.measurement.interpreter import ImageClassifier
from engine.measurement.tflite_file import TfliteFile
from engine.workbench.network import Network
from engine.workbench.network_file import load_network, save_network
from engine.workbench.step import STEPS, Form
from engine.workbench.step_context import StepContext
from tests.small_study import forget_training

QUICK = {"epochs": 1, "student": "resnet8"}
EVERY_STEP = pytest.mark.parametrize("key", STEPS.keys())


def quick(key: str) -> StepParameters:
    """The step's defaults, with as little training as it takes."""
    parameters = STEPS[key].Parameters
    return parameters(**{name: value for name, value in QUICK.items() if name in parameters.model_fields})


def converted(network: Network) -> bytes:
    """The network's file, as a run makes it."""
    if network.facts.quantization_aware:
        return converter_tflite(network.model, "int8", None)
    return float32_tflite(network.model)


@EVERY_STEP
def test_its_defaults_survive_the_recipe_file(key: str) -> None:
    recipe = Recipe(chains=(ChainSettings(name="one", steps=(STEPS[key].Parameters(),)),))
    assert parse_recipe(recipe_text(recipe)) == recipe


@EVERY_STEP
def test_it_says_what_it_is(key: str) -> None:
    step = STEPS[key]
    assert step.title
    assert step.summary.endswith(".")
    assert step.paper
    assert STEPS[key].Parameters().label()


@EVERY_STEP
def test_every_parameter_has_a_title_and_a_range_or_choices(key: str) -> None:
    for name, schema in STEPS[key].Parameters.model_json_schema()["properties"].items():
        if name == "step":
            continue
        assert schema["title"]
        limited = {"minimum", "exclusiveMinimum", "enum", "const", "items"} & set(schema)
        assert limited or schema.get("type") in {"boolean", "string"} or {"anyOf", "$ref"} & set(schema), name


@EVERY_STEP
def test_it_keeps_its_promise_leaves_its_input_alone_and_gives_a_file_that_runs(
    key: str, small_context: StepContext, trained_network: Network, tmp_path: Path
) -> None:
    step, parameters = STEPS[key](), quick(key)
    before = [weights.copy() for weights in trained_network.model.get_weights()]
    forget_training(small_context)
    made = step.apply(parameters, trained_network, small_context)
    for old, new in zip(before, trained_network.model.get_weights(), strict=True):
        assert np.array_equal(old, new)
    if step.gives is Form.KERAS:
        plain = trained_network.model if made.facts.quantization_aware else made.model
        assert made.facts.parameters == plain.count_params()
        content = converted(made)
        step.check_promise(parameters, made, TfliteFile.parse(content))
        save_network(tmp_path, made)
        loaded = load_network(tmp_path)
        assert loaded.facts == made.facts
        images = np.stack(small_context.calibration_images(4))
        np.testing.assert_allclose(loaded.model(images).numpy(), made.model(images).numpy(), atol=1e-6)
    else:
        content = made
        step.check_promise(parameters, trained_network, TfliteFile.parse(content))
    classifier = ImageClassifier(content)
    classifier.set_image(small_context.calibration_images(1)[0])
    classifier.invoke()
    assert 0 <= classifier.probabilities()[0] <= 1


@EVERY_STEP
def test_the_same_seed_gives_the_same_bytes(key: str, small_context: StepContext, trained_network: Network) -> None:
    made = []
    for _ in range(2):
        forget_training(small_context)
        result = STEPS[key]().apply(quick(key), trained_network, small_context)
        made.append(result if isinstance(result, bytes) else converted(result))
    assert made[0] == made[1]


@pytest.mark.parametrize(("first", "second"), list(itertools.product(STEPS.keys(), repeat=2)))
def test_every_order_of_two_is_accepted_or_refused_with_its_reason(first: str, second: str) -> None:
    steps = (STEPS[first].Parameters(), STEPS[second].Parameters())
    findings = preflight(Recipe(chains=(ChainSettings(name="two", steps=steps),)), class_count=2)
    refused = bool(errors(findings))
    alone = errors(preflight(Recipe(chains=(ChainSettings(name="one", steps=steps[:1]),)), class_count=2))
    assert refused or STEPS[first].gives is Form.KERAS
    for finding in findings:
        assert finding.message.endswith("."), finding.message
        assert finding.severity is not Severity.ERROR or finding in alone or "chains[0].steps[1]" in finding.where
