"""A value that a network is fed becomes the same integer in TensorFlow Lite Micro as in LiteRT."""

from __future__ import annotations

import numpy as np
import pytest

from engine.export.tflite_conversion import float32_tflite
from engine.measurement.tflite_file import TfliteFile
from engine.steps.post_training_quantization.calibration import ActivationRange, activation_ranges
from engine.steps.post_training_quantization.quantizer import quantized
from engine.steps.post_training_quantization.used_ranges import with_whole_inputs
from tests.engine.export.conftest import probabilities
from tests.engine.export.micro import micro_probabilities

pytestmark = pytest.mark.usefixtures("small_context")

SIDE = 32
QUARTERS = (np.arange(SIDE * SIDE, dtype=np.float32) / np.float32(4 * 255)).reshape(1, SIDE, SIDE, 1).clip(0, 1)
"""Every value of the approximation of an 8-bit image by the Haar wavelet."""


@pytest.fixture(scope="module")
def float32() -> bytes:
    """A network that hands its input on."""
    import tf_keras

    layers = tf_keras.layers
    one = tf_keras.initializers.Ones()
    image = tf_keras.Input((SIDE, SIDE, 1))
    x = layers.Conv2D(1, 1, kernel_initializer=one)(image)
    return float32_tflite(tf_keras.Model(image, layers.Flatten()(x)))


def differing(float32: bytes, ranges: dict[str, ActivationRange]) -> float:
    """The share of values that come out otherwise, by less than a step of the output."""
    content = quantized(float32, "int8", ranges)
    return float((np.abs(probabilities(content, QUARTERS) - micro_probabilities(content, QUARTERS)) > 1e-6).mean())


def test_no_value_lies_between_two_integers(float32: bytes) -> None:
    name = TfliteFile.parse(float32).input.name
    ranges = dict(activation_ranges(float32, list(QUARTERS)))
    assert ranges[name].max == 1
    assert differing(float32, ranges) > 0.02
    assert differing(float32, dict(with_whole_inputs(name, ranges, QUARTERS))) < 0.01


def test_what_was_seen_is_kept(float32: bytes) -> None:
    name = TfliteFile.parse(float32).input.name
    ranges = activation_ranges(float32, list(QUARTERS))
    wider = with_whole_inputs(name, ranges, QUARTERS)
    assert wider[name].seen == (0, 1)
    assert wider[name].max == pytest.approx(1 + 1 / 1024)
    assert {key: value for key, value in wider.items() if key != name} == {
        key: value for key, value in ranges.items() if key != name
    }
    assert with_whole_inputs("none", ranges, QUARTERS) == ranges


PIXELS = (np.arange(SIDE * SIDE) % 256 / 255).astype(np.float32).reshape(1, SIDE, SIDE, 1)


def test_pixels_stay_whole_integers(float32: bytes) -> None:
    """As by the converter: a wider range would round every one of them."""
    name = TfliteFile.parse(float32).input.name
    ranges = activation_ranges(float32, list(PIXELS))
    assert with_whole_inputs(name, ranges, PIXELS) == ranges
    content = quantized(float32, "int8", ranges)
    np.testing.assert_allclose(probabilities(content, PIXELS), probabilities(float32, PIXELS), atol=1e-6)


@pytest.mark.parametrize(("low", "high", "ties"), [(0.0, 1.0, False), (0.0, 200 / 255, True), (-1.0, 1.0, True)])
def test_what_the_range_makes_of_pixels_decides(float32: bytes, low: float, high: float, ties: bool) -> None:
    """Of images that are never brighter than 200 some pixels are half an integer; from -1 to 1 all are."""
    values = PIXELS[high >= PIXELS] if high < 1 else PIXELS * (high - low) + low
    name = TfliteFile.parse(float32).input.name
    ranges = {name: ActivationRange(low, high)}
    widened = with_whole_inputs(name, ranges, [values.astype(np.float32)])
    assert (widened[name].max > high) == ties
