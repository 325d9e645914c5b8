"""Ranges of activations and of weights whose integers have the least mean square error."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engine.measurement.tflite_file import TfliteFile
from engine.steps.post_training_quantization.calibration import activation_ranges
from engine.steps.post_training_quantization.clipped_kernels import clipping_ends, with_clipped_kernels
from engine.steps.post_training_quantization.least_error_ranges import least_error_range
from engine.steps.post_training_quantization.quantizer import quantized
from engine.steps.post_training_quantization.used_ranges import used_ranges
from tests.engine.export.conftest import Trained, agreement

BINS = 2048


def _rounding_error(values: np.ndarray, minimum: float, maximum: float, bits: int) -> float:
    """Mean square error of values that are really rounded to integers over a range."""
    step = (maximum - minimum) / (2**bits - 1)
    rounded = np.clip(np.rint((values - minimum) / step), 0, 2**bits - 1) * step + minimum
    return float(np.mean(np.square(rounded - values)))


def _with_outliers(generator: np.random.Generator) -> np.ndarray:
    return np.append(generator.standard_normal(40_000), generator.uniform(8, 30, 40))


DISTRIBUTIONS: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "normal": lambda generator: generator.standard_normal(40_000),
    "rectified": lambda generator: np.maximum(generator.standard_normal(40_000), 0.0),
    "laplace": lambda generator: generator.laplace(size=40_000),
    "outliers on one side": _with_outliers,
    "below zero": lambda generator: -generator.exponential(size=40_000),
}


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_no_other_range_rounds_values_with_a_clearly_smaller_error(name: str, bits: int) -> None:
    values = DISTRIBUTIONS[name](np.random.default_rng(3))
    counts, _ = np.histogram(values, BINS, (values.min(), values.max()))
    found = least_error_range(float(values.min()), float(values.max()), counts, bits)
    assert min(values.min(), 0) <= found[0] <= 0 <= found[1] <= max(values.max(), 0)
    error = _rounding_error(values, *found, bits)
    shares = np.linspace(0.05, 1, 39)
    others = [
        _rounding_error(values, low * min(values.min(), 0), high * max(values.max(), 0), bits)
        for low in shares
        for high in shares
    ]
    assert error <= _rounding_error(values, min(values.min(), 0), max(values.max(), 0), bits)
    assert error < 1.1 * min(others)


def test_a_tensor_that_never_changes_keeps_its_range() -> None:
    assert least_error_range(0.0, 0.0, np.array([5]), 8) == (0.0, 0.0)
    assert least_error_range(2.0, 2.0, np.array([5, 0]), 8) == (0.0, 2.0)


def test_sixteen_bits_clip_next_to_nothing() -> None:
    values = np.random.default_rng(3).laplace(size=40_000)
    counts, _ = np.histogram(values, BINS, (values.min(), values.max()))
    low, high = least_error_range(float(values.min()), float(values.max()), counts, 16)
    assert low < 0.9 * values.min()
    assert high > 0.9 * values.max()


def test_ranges_of_a_network_lie_within_those_seen(residual: Trained) -> None:
    whole = activation_ranges(residual.float32, residual.calibration)
    cut = activation_ranges(residual.float32, residual.calibration, least_error_bits=8)
    assert cut.keys() == whole.keys()
    assert cut["serving_default_image:0"] == whole["serving_default_image:0"]
    for name, found in cut.items():
        assert found.seen in (None, (whole[name].min, whole[name].max))
        assert min(whole[name].min, 0) <= found.min <= found.max <= max(whole[name].max, 0)
    assert any(found.max < 0.9 * whole[name].max for name, found in cut.items())


def test_an_int8_file_of_these_ranges_is_no_worse(residual: Trained) -> None:
    files = [
        quantized(residual.float32, "int8", used_ranges(residual.float32, residual.calibration, least_error_bits=bits))
        for bits in (None, 8)
    ]
    plain, least = (agreement(residual.float32, file, residual.test_images) for file in files)
    assert least > plain - 0.01


@pytest.mark.parametrize("bits", [4, 8])
def test_weights_are_clipped_where_the_error_is_least(bits: int) -> None:
    generator = np.random.default_rng(4)
    channels = np.stack([generator.standard_normal(4000), generator.laplace(size=4000), generator.uniform(-1, 1, 4000)])
    ends = clipping_ends(channels.astype(np.float32), bits)
    for channel, end in zip(np.abs(channels), ends, strict=True):

        def cost(s: float, sizes: np.ndarray = channel) -> float:
            beyond = sizes > s
            return float(
                (~beyond).mean() * (s * 2 ** (1 - bits)) ** 2 / 12 + np.mean(np.square(np.maximum(sizes - s, 0)))
            )

        tried = np.linspace(0.02, 1, 400) * channel.max()
        assert end <= channel.max() * (1 + 1e-6)
        assert cost(float(end)) <= 1.02 * min(cost(one) for one in tried)


def test_weights_of_one_size_and_zeros_are_not_clipped() -> None:
    channels = np.array([[0.5, -0.5, 0.5], [0.0, 0.0, 0.25], [0.0, 0.0, 0.0]], np.float32)
    np.testing.assert_allclose(clipping_ends(channels, 4), [0.5, 0.25, 0.0])


def test_a_file_has_the_scales_of_the_clipping(residual: Trained) -> None:
    plain = quantized(residual.float32, "int4")
    clipped = with_clipped_kernels(residual.float32, plain)
    kernels = TfliteFile.parse(quantized(clipped, "int4")).kernels
    originals = TfliteFile.parse(residual.float32).kernels
    narrower = 0
    for kernel, original in zip(kernels, originals, strict=True):
        most = {"int4": 7, "int8": 127}[kernel.dtype]
        axis = 3 if kernel.operator == "DEPTHWISE_CONV_2D" else 0
        channels = np.moveaxis(original.values, axis, 0).reshape(original.values.shape[axis], -1)
        np.testing.assert_allclose(
            kernel.scales * most, clipping_ends(channels, {"int4": 4, "int8": 8}[kernel.dtype]), rtol=1e-5
        )
        narrower += int((kernel.scales * most < 0.98 * np.abs(channels).max(axis=1)).sum())
    assert narrower > 20
