"""Biases of an int8 file are rounded as TFLiteConverter rounds them."""

from __future__ import annotations

import numpy as np
import pytest
import tf_keras

from engine.export.tflite_conversion import converter_tflite, float32_tflite
from engine.steps.post_training_quantization.bias_rounding import with_biases_rounded_as_tensorflow
from engine.steps.post_training_quantization.calibration import activation_ranges
from engine.steps.post_training_quantization.converter_ranges import converter_ranges
from engine.steps.post_training_quantization.quantizer import quantized
from tests.engine.export.conftest import Trained, probabilities


def _biases(content: bytes | bytearray) -> list[tuple[np.ndarray, np.ndarray]]:
    """The stored biases of the convolutions and dense layers as views, in order, with their scales (1 for floats)."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.Model.GetRootAs(content)
    graph = model.Subgraphs(0)
    found = []
    for number in range(graph.OperatorsLength()):
        operator = graph.Operators(number)
        if operator.InputsLength() != 3:
            continue
        tensor = graph.Tensors(operator.Inputs(2))
        integers = tensor.Type() == schema.TensorType.INT32
        data = model.Buffers(tensor.Buffer()).DataAsNumpy()
        scales = tensor.Quantization().ScaleAsNumpy() if integers else np.ones(1, np.float32)
        found.append((data.view(np.int32 if integers else np.float32), scales))
    return found


def test_nearly_half_a_step_is_a_half_in_single_precision_and_goes_away_from_zero(sequential: Trained) -> None:
    """As in the network that showed it: -42408.49984 steps are -42409."""
    int8 = quantized(sequential.float32, "int8", activation_ranges(sequential.float32, sequential.calibration))
    float32 = bytearray(sequential.float32)
    (values, _), (_, scales) = _biases(float32)[0], _biases(int8)[0]
    steps = np.array([-42408.49984, 42408.49984, 7.4, -7.6, 0.0])
    values[:5] = steps * scales[:5].astype(np.float64)
    stored, _ = _biases(with_biases_rounded_as_tensorflow(int8, bytes(float32)))[0]
    assert stored[:5].tolist() == [-42409, 42409, 7, -8, 0]


@pytest.mark.parametrize("network", ["residual", "sequential"])
def test_they_are_the_converters(network: str, request: pytest.FixtureRequest) -> None:
    trained: Trained = request.getfixturevalue(network)
    ranges = converter_ranges(trained.float32, activation_ranges(trained.float32, trained.calibration))
    ours = _biases(quantized(trained.float32, "int8", ranges))
    theirs = _biases(converter_tflite(trained.model, "int8", trained.calibration))
    differences = np.concatenate([mine - its for (mine, _), (its, _) in zip(ours, theirs, strict=True)])
    assert np.abs(differences).max() <= 1
    # What is left are ranges that differ in their last bit.
    assert np.mean(differences == 0) >= 0.97


def test_biases_of_other_numbers_stay_as_they_are(sequential: Trained) -> None:
    wide = quantized(sequential.float32, "int16x8", activation_ranges(sequential.float32, sequential.calibration))
    for content in (wide, quantized(sequential.float32, "dynamic_range")):
        assert with_biases_rounded_as_tensorflow(content, sequential.float32) == content


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("kernel_value", [0.0, 1e-30, 1e-12])
def test_a_dead_channel_keeps_a_bias_that_can_be_counted(kernel_value: float) -> None:
    image = tf_keras.Input((8, 8, 1))
    conv = tf_keras.layers.Conv2D(4, 3, activation="relu")
    model = tf_keras.Model(image, tf_keras.layers.Dense(2)(tf_keras.layers.Flatten()(conv(image))))
    kernel, bias = conv.get_weights()
    kernel[..., 1], bias[:] = kernel_value, (0.5, 7.0, -7.0, 0.0)
    conv.set_weights([kernel, bias])
    images = list(np.random.default_rng(7).random((8, 8, 8, 1), dtype=np.float32))
    float32 = float32_tflite(model)
    content = quantized(float32, "int8", activation_ranges(float32, images))
    exact, rounded = probabilities(float32, np.array(images)), probabilities(content, np.array(images))
    assert np.abs(exact - rounded).max() <= 0.1 * np.abs(exact).max()
