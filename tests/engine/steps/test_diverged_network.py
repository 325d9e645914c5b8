"""Of a network that diverged, each scheme gives a file that runs or one sentence; none ends the process."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tf_keras

from engine.contract.errors import NutshellError
from engine.measurement.interpreter import ImageClassifier
from engine.steps.post_training_quantization.parameters import PostTrainingQuantizationParameters
from engine.steps.post_training_quantization.step import PostTrainingQuantization
from engine.workbench.network import Network
from engine.workbench.step_context import StepContext
from tests.small_study import untrained

SCHEMES: dict[str, dict[str, object]] = {
    **{scheme: {"scheme": scheme} for scheme in ("float16", "dynamic_range", "int8", "int16x8", "int4")},
    "mixed": {"scheme": "mixed", "layers": {"*": "int8"}},
}


@pytest.fixture(scope="module")
def context(small_context: StepContext) -> StepContext:
    """As a run has it, the network's float32 file is converted once for all schemes."""
    converted: dict[int, bytes] = {}

    def float32_tflite(network: Network) -> bytes:
        if id(network.model) not in converted:
            converted[id(network.model)] = small_context.float32_tflite(network)
        return converted[id(network.model)]

    return replace(small_context, float32_tflite=float32_tflite)


@pytest.fixture(scope="module")
def without_numbers(context: StepContext) -> Network:
    network = untrained(context)
    network.model.set_weights([np.full_like(values, np.nan) for values in network.model.get_weights()])
    return network


@pytest.fixture(scope="module")
def with_dead_sums(context: StepContext) -> Network:
    """A rate far too high leaves offsets like these: each sum of a residual block is zero after its ReLU."""
    network = untrained(context)
    for layer in network.model.layers:
        if isinstance(layer, tf_keras.layers.BatchNormalization):
            layer.beta.assign(np.full(layer.beta.shape, -50.0 if "bn2" in layer.name else 1.0))
    return network


def refusal(context: StepContext, network: Network, scheme: str) -> str:
    """Why there is no file of the scheme; empty: there is one, and it runs."""
    parameters = PostTrainingQuantizationParameters.model_validate({"calibration_images": 5} | SCHEMES[scheme])
    try:
        ImageClassifier(PostTrainingQuantization().apply(parameters, network, context)).invoke()
    except NutshellError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("scheme", SCHEMES)
def test_weights_that_are_no_numbers_are_refused(context: StepContext, without_numbers: Network, scheme: str) -> None:
    said = refusal(context, without_numbers, scheme)
    assert "weights that are not finite numbers" in said
    assert "lower learning rate" in said


@pytest.mark.parametrize("scheme", SCHEMES)
def test_sums_that_are_always_zero(context: StepContext, with_dead_sums: Network, scheme: str) -> None:
    said = refusal(context, with_dead_sums, scheme)
    if scheme in ("int8", "int16x8", "mixed"):
        assert 'the layer "stage1_block1_add" gives zero for every image' in said
        assert "lower learning rate" in said
    else:
        assert not said
