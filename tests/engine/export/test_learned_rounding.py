"""Weights that are rounded up or down by what their layer gives: nearer to float32 than rounded to nearest."""

from __future__ import annotations

import itertools
import time
from typing import Any

import numpy as np
import pytest

from engine.contract.errors import Cancelled
from engine.contract.progress import Progress
from engine.export.model_part import CutModel
from engine.export.tflite_conversion import float32_tflite
from engine.inspection.running_parts import RunningPart
from engine.measurement.tflite_file import TfliteFile
from engine.steps.post_training_quantization.adaptive_rounding import ChosenIntegers, learned_integers
from engine.steps.post_training_quantization.clipped_kernels import with_clipped_kernels
from engine.steps.post_training_quantization.kernel_integers import MOST, with_integers
from engine.steps.post_training_quantization.layer_rows import as_kernel, as_matrix, sampled_rows
from engine.steps.post_training_quantization.learned_rounding import (
    LayerGrid,
    LayerRows,
    learned_rounding,
    output_error,
)
from engine.steps.post_training_quantization.quantizer import quantized, quantized_by_layer
from engine.steps.post_training_quantization.used_ranges import used_ranges
from tests.engine.export.conftest import Trained, probabilities

ITERATIONS = 150
SEED = 3


@pytest.fixture(scope="module")
def int4(residual: Trained) -> tuple[bytes, ChosenIntegers]:
    """A file rounded to nearest, and what was learned for it."""
    plain = quantized(residual.float32, "int4")
    return plain, _learned(residual, plain)


def _learned(trained: Trained, plain: bytes, progress: Progress | None = None) -> ChosenIntegers:
    images = list(trained.calibration)
    return learned_integers(
        trained.float32, trained.float32, plain, images, ITERATIONS, SEED, *([progress] if progress else [])
    )


def _error(trained: Trained, content: bytes) -> float:
    exact, found = (probabilities(one, trained.test_images) for one in (trained.float32, content))
    return float(np.abs(found - exact).mean())


def _correlated(rows: int, taken: int, generator: np.random.Generator) -> np.ndarray:
    """Inputs that are alike, as neighbouring pixels are: then errors of weights add up, or cancel out."""
    return (generator.standard_normal((rows, 1)) + 0.3 * generator.standard_normal((rows, taken))).astype(np.float32)


def test_small_layers_are_rounded_nearly_as_the_best_of_all_choices() -> None:
    nearest, learned, optimum = np.sum([_errors_of_a_small_layer(seed) for seed in (1, 2, 3)], axis=0)
    assert optimum <= learned < 1.1 * optimum
    assert learned < 0.5 * nearest


def _errors_of_a_small_layer(seed: int) -> tuple[float, float, float]:
    """With weights to nearest, as learned, and by the best of all choices of up and down."""
    generator = np.random.default_rng(seed)
    taken, channels, scale = 8, 3, 0.1
    weights = (generator.standard_normal((taken, channels)) * 0.3).astype(np.float32)
    inputs = _correlated(600, taken, generator)
    rows = LayerRows(inputs, np.maximum(inputs @ weights, 0.0))
    steps, scales = weights / scale, np.full(channels, scale, np.float32)
    grid = LayerGrid(steps, np.rint(steps), scales, 7, np.zeros(channels, np.float32), (0.0, np.inf))
    found = learned_rounding(rows, grid, 1000, generator)
    assert np.isin(found - np.floor(steps), (0.0, 1.0)).all()
    best = np.empty_like(found)
    for channel in range(channels):
        alone = LayerRows(inputs, rows.outputs[:, channel : channel + 1])
        one = LayerGrid(steps[:, [channel]], grid.nearest[:, [channel]], scales[:1], 7, grid.bias[:1], grid.bounds)
        choices = [np.floor(one.steps) + np.reshape(up, (-1, 1)) for up in itertools.product((0, 1), repeat=taken)]
        errors = [output_error(alone, one, choice) for choice in choices]
        best[:, [channel]] = choices[int(np.argmin(errors))]
    return output_error(rows, grid, grid.nearest), output_error(rows, grid, found), output_error(rows, grid, best)


def test_zeros_and_the_largest_weights_stay() -> None:
    generator = np.random.default_rng(2)
    steps = generator.uniform(-7, 7, (20, 4)).astype(np.float32)
    steps[::3], steps[1] = 0.0, 7.0
    inputs = _correlated(300, 20, generator)
    rows = LayerRows(inputs, inputs @ (steps * 0.1))
    grid = LayerGrid(steps, np.rint(steps), np.full(4, 0.1), 7, np.zeros(4, np.float32), (-np.inf, np.inf))
    found = learned_rounding(rows, grid, 200, generator)
    assert not found[::3].any()
    assert (found[1] == 7).all()
    assert np.abs(found).max() <= 7
    assert (found != grid.nearest).any()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("Conv2D", {"filters": 5, "kernel_size": 3, "strides": 2, "padding": "same"}),
        ("Conv2D", {"filters": 5, "kernel_size": (1, 4), "padding": "valid", "activation": "relu"}),
        ("Conv2D", {"filters": 5, "kernel_size": 3, "dilation_rate": 2, "padding": "same"}),
        ("DepthwiseConv2D", {"kernel_size": 5, "strides": 2, "padding": "same"}),
        ("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 2, "padding": "same"}),
        ("Dense", {"units": 6}),
    ],
)
def test_rows_times_the_kernel_are_what_the_layer_gives(kind: str, options: dict[str, Any]) -> None:
    import tf_keras

    tf_keras.utils.set_random_seed(5)
    layers = tf_keras.layers
    before = [layers.Flatten()] if kind == "Dense" else []
    options = {**options, "bias_initializer": "normal"}
    model = tf_keras.Sequential([layers.Input((13, 12, 3)), *before, getattr(layers, kind)(**options)])
    cut = CutModel(float32_tflite(model))
    (number,) = (
        one for one in range(cut.count) if cut.kind(one) in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
    )
    images = np.random.default_rng(2).uniform(0, 1, (6, 13, 12, 3)).astype(np.float32)
    taken, given = cut.inputs(number)[0], cut.outputs(number)[0]
    values: dict[int, np.ndarray] = {cut.image: images}
    if taken != cut.image:
        values |= RunningPart(cut.part(0, number, (taken,))).run(values)
    values |= RunningPart(cut.part(number, number + 1, (given,))).run(values)
    inputs, outputs = sampled_rows(cut, number, values[taken], values[given], 90, np.random.default_rng(1))
    kernel, bias = (cut.constant(place) for place in cut.inputs(number)[1:3])
    assert kernel is not None
    matrix = as_matrix(kernel, cut.kind(number))
    np.testing.assert_array_equal(as_kernel(matrix, cut.kind(number), kernel.shape), kernel)
    computed = np.einsum("rtc,tc->rc", inputs, matrix) if inputs.ndim == 3 else inputs @ matrix
    computed = computed + bias
    if cut.activation(number) == "RELU":
        computed = np.maximum(computed, 0.0)
    assert len(outputs) >= (6 if kind == "Dense" else 90)
    np.testing.assert_allclose(computed, outputs, atol=1e-4)


def test_the_file_has_the_integers_that_were_learned(int4: tuple[bytes, ChosenIntegers]) -> None:
    plain, learned = int4
    before, after = (TfliteFile.parse(one).kernels for one in (plain, with_integers(plain, learned.integers)))
    assert len(learned.integers) == len(before)
    assert {kernel.dtype for kernel in before} == {"int4", "int8"}
    for place, (old, new) in enumerate(zip(before, after, strict=True)):
        np.testing.assert_array_equal(new.values, learned.integers[place])
        np.testing.assert_array_equal(new.scales, old.scales)
        assert np.abs(new.values.astype(int) - old.values).max() <= 1
        assert np.abs(new.values).max() <= MOST[new.dtype]


def test_it_comes_nearer_to_float32_than_rounding_to_nearest(
    residual: Trained, int4: tuple[bytes, ChosenIntegers]
) -> None:
    plain, learned = int4
    content = with_integers(plain, learned.integers)
    assert len(content) == len(plain)
    assert _error(residual, content) < 0.6 * _error(residual, plain)
    found = learned.found
    assert found.images == len(residual.calibration)
    assert len(found.rows()) == len(found.layers) == len(learned.integers)
    assert all(layer.error <= layer.error_nearest for layer in found.layers)
    assert all(layer.moved_fraction < 0.5 for layer in found.layers)
    assert "% of the weights not to nearest" in found.sentence()


def test_int8_and_clipped_weights(residual: Trained, int4: tuple[bytes, ChosenIntegers]) -> None:
    ranges = used_ranges(residual.float32, residual.calibration)
    layers = {"tip_conv": "int4", "output": "float32"}
    mixed = quantized_by_layer(residual.float32, layers, ranges)  # type: ignore[arg-type]
    clipped = with_clipped_kernels(residual.float32, mixed)
    content = quantized_by_layer(clipped, layers, ranges)  # type: ignore[arg-type]
    images = list(residual.calibration[:40])
    learned = learned_integers(residual.float32, clipped, content, images, 20, SEED)
    assert [layer.dtype for layer in learned.found.layers] == ["int4"]
    assert [layer.layer for layer in learned.found.layers] == ["tip_conv"]
    int8 = quantized(residual.float32, "int8", ranges)
    learned = learned_integers(residual.float32, residual.float32, int8, images, 20, SEED)
    assert {layer.dtype for layer in learned.found.layers} == {"int8"}
    assert len(learned.integers) == len(int4[1].integers)


def test_the_same_seed_gives_the_same_integers(residual: Trained) -> None:
    plain = quantized(residual.float32, "int4")
    images = list(residual.calibration[:20])
    first, second = (learned_integers(residual.float32, residual.float32, plain, images, 20, SEED) for _ in range(2))
    for place, one in first.integers.items():
        np.testing.assert_array_equal(one, second.integers[place])


def test_it_can_be_cancelled_at_once(residual: Trained) -> None:
    asked: list[float] = []

    def cancel_later() -> None:
        asked.append(time.monotonic())
        if len(asked) > 40:
            raise Cancelled

    began = time.monotonic()
    with pytest.raises(Cancelled):
        _learned(residual, quantized(residual.float32, "int4"), Progress(cancel_later))
    assert max(np.diff([began, *asked])) < 3.0
