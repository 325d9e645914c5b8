"""Learns for each weight of one layer whether it is rounded up or down (AdaRound, Nagel et al. 2020). TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

STRETCH_LOW, STRETCH_HIGH = -0.1, 1.1
"""γ and ζ of the rectified sigmoid, equation 23."""
BETA_FIRST, BETA_LAST = 20.0, 2.0
"""The regulariser's exponent, equation 24, annealed by half a cosine."""
WARM_UP = 0.2
"""Of the iterations, without the regulariser."""
REGULARISER_WEIGHT = 0.01
"""λ of equation 25, for outputs of unit mean square."""
LEARNING_RATE = 1e-2
ROWS_OF_BATCH = 256
MAX_AT_ONCE = 50
FLOPS_AT_ONCE = 5e9
"""Iterations, and multiplications, between two looks at whether the work was cancelled: a second at most."""
SMALLEST_SQUARE = 1e-20


@dataclass(frozen=True)
class LayerRows:
    """What a layer takes and should give, at some places of some images."""

    inputs: np.ndarray = field(repr=False)
    """float32 (rows, taken) or, where depthwise, (rows, taken, channels): what each value of the kernel is multiplied
    by, as the layers before leave it with rounded weights."""
    outputs: np.ndarray = field(repr=False)
    """float32 (rows, channels), of the float32 network, after the activation."""

    def part(self, first: int, end: int) -> LayerRows:
        return LayerRows(self.inputs[first:end], self.outputs[first:end])


@dataclass(frozen=True)
class LayerGrid:
    """A layer's weights in steps of their scales, and what follows them."""

    steps: np.ndarray = field(repr=False)
    """float32 (taken, channels): the weights over their scales."""
    nearest: np.ndarray = field(repr=False)
    """float32, likewise: the integers as rounded to nearest."""
    scales: np.ndarray = field(repr=False)
    """float32 (channels,)."""
    most: int
    """The greatest integer; the smallest is its negative."""
    bias: np.ndarray = field(repr=False)
    """float32 (channels,)."""
    bounds: tuple[float, float]
    """Between which the activation keeps its input: -inf and inf where there is none."""


def learned_rounding(
    rows: LayerRows,
    grid: LayerGrid,
    iterations: int,
    generator: np.random.Generator,
    tell: Callable[[int], None] = lambda done: None,
) -> np.ndarray:
    """The integers, float32 (taken, channels), that make the error of the layer's output small (equations 21 to 25).

    Each is one of the two next to its weight. Weights that are zero stay so, as pruning needs it.

    Args:
        tell: given how many iterations are done; may raise to end it.
    """
    floor = np.clip(np.floor(grid.steps), -grid.most, grid.most)
    is_free = (grid.steps != 0.0) & (np.abs(grid.steps) < grid.most)
    ratio = (STRETCH_HIGH - STRETCH_LOW) / (np.clip(grid.steps - floor, 0.0, 1.0) - STRETCH_LOW) - 1.0
    choice = tf.constant(-np.log(ratio), tf.float32)
    state = (choice, tf.zeros_like(choice), tf.zeros_like(choice))
    layer = _RoundedLayerTensors(
        inputs=tf.constant(rows.inputs),
        outputs=tf.constant(rows.outputs),
        floor=tf.constant(floor, tf.float32),
        nearest=tf.constant(grid.nearest, tf.float32),
        is_free=tf.constant(is_free),
        scales=tf.constant(grid.scales, tf.float32),
        most=tf.constant(float(grid.most)),
        bias=tf.constant(grid.bias, tf.float32),
        low=tf.constant(grid.bounds[0], tf.float32),
        high=tf.constant(grid.bounds[1], tf.float32),
        weight=tf.constant(1.0 / max(float(np.mean(np.square(rows.outputs))), SMALLEST_SQUARE), tf.float32),
    )
    count = len(rows.inputs)
    batch = min(ROWS_OF_BATCH, count)
    at_once = int(np.clip(FLOPS_AT_ONCE / (6 * batch * grid.steps.size), 1, MAX_AT_ONCE))
    for first in range(0, iterations, at_once):
        numbers = np.arange(first, min(first + at_once, iterations))
        chosen = generator.integers(count, size=(len(numbers), batch), dtype=np.int32)
        state = _descended(state, layer, tf.constant(chosen), tf.constant(first), tf.constant(iterations))
        tell(int(numbers[-1]) + 1)
    learned = np.clip(floor + (state[0].numpy() >= 0.0), -grid.most, grid.most)
    return np.where(is_free, learned, grid.nearest).astype(np.float32)


def output_error(rows: LayerRows, grid: LayerGrid, integers: np.ndarray) -> float:
    """Mean square error of the layer's output with these integers, over the mean square of what it should be."""
    kernel = integers * grid.scales
    taken = np.einsum("rtc,tc->rc", rows.inputs, kernel) if rows.inputs.ndim == 3 else rows.inputs @ kernel
    missed = np.clip(taken + grid.bias, *grid.bounds) - rows.outputs
    return float(np.mean(np.square(missed)) / max(float(np.mean(np.square(rows.outputs))), SMALLEST_SQUARE))


class _RoundedLayerTensors(tf.experimental.ExtensionType):  # type: ignore[misc]
    """`LayerRows` and `LayerGrid` as tensors."""

    inputs: tf.Tensor
    outputs: tf.Tensor
    floor: tf.Tensor
    nearest: tf.Tensor
    is_free: tf.Tensor
    scales: tf.Tensor
    most: tf.Tensor
    bias: tf.Tensor
    low: tf.Tensor
    high: tf.Tensor
    weight: tf.Tensor
    """One over the mean square of the outputs."""


def _descended(
    state: tuple[Any, Any, Any], layer: _RoundedLayerTensors, chosen: Any, first: Any, iterations: Any
) -> Any:
    """V, and Adam's two moments of its gradient, after an iteration for each row of `chosen` (iterations, batch)."""
    descend = _descend_depthwise if layer.inputs.shape.rank == 3 else _descend
    return descend(*state, layer, chosen, first, iterations)


def _descend_by(product: Callable[[Any, Any], Any]) -> Any:
    """A TensorFlow function; `product` multiplies inputs (rows, …) by a kernel (taken, channels)."""

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def descend(
        choice: Any, mean: Any, square: Any, layer: _RoundedLayerTensors, chosen: Any, first: Any, iterations: Any
    ) -> tuple[Any, Any, Any]:
        for place in tf.range(tf.shape(chosen)[0]):
            number = tf.cast(first + place, tf.float32)
            done = number / tf.cast(iterations, tf.float32)
            annealed = tf.maximum(done - WARM_UP, 0.0) / (1.0 - WARM_UP)
            beta = BETA_LAST + 0.5 * (BETA_FIRST - BETA_LAST) * (1.0 + tf.cos(annealed * np.pi))
            strength = tf.where(done < WARM_UP, 0.0, REGULARISER_WEIGHT)
            inputs, outputs = tf.gather(layer.inputs, chosen[place]), tf.gather(layer.outputs, chosen[place])
            with tf.GradientTape() as tape:
                tape.watch(choice)
                share = tf.clip_by_value(tf.sigmoid(choice) * (STRETCH_HIGH - STRETCH_LOW) + STRETCH_LOW, 0.0, 1.0)
                integers = tf.where(
                    layer.is_free, tf.clip_by_value(layer.floor + share, -layer.most, layer.most), layer.nearest
                )
                made = product(inputs, integers * layer.scales) + layer.bias
                missed = tf.clip_by_value(made, layer.low, layer.high) - outputs
                error = tf.reduce_mean(tf.reduce_sum(tf.square(missed), axis=1)) * layer.weight
                undecided = 1.0 - tf.pow(tf.abs(2.0 * share - 1.0), beta)
                loss = error + strength * tf.reduce_sum(tf.where(layer.is_free, undecided, 0.0))
            gradient = tape.gradient(loss, choice)
            mean = 0.9 * mean + 0.1 * gradient
            square = 0.999 * square + 0.001 * tf.square(gradient)
            unbiased = square / (1.0 - tf.pow(0.999, number + 1.0))
            choice -= LEARNING_RATE * mean / (1.0 - tf.pow(0.9, number + 1.0)) / (tf.sqrt(unbiased) + 1e-8)
        return choice, mean, square

    return descend


_descend = _descend_by(tf.matmul)
_descend_depthwise = _descend_by(lambda inputs, kernel: tf.reduce_sum(inputs * kernel, axis=1))
