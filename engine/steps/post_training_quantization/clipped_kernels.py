"""Clips kernels where the mean square error of their integers is least (OCTAV, Sakr et al. 2022)."""

from __future__ import annotations

import numpy as np

from engine.export.model_part import CutModel
from engine.measurement.tflite_file import TfliteFile
from engine.measurement.tflite_graph import KERNEL_INPUT, OUTPUT_CHANNEL_AXIS
from engine.steps.post_training_quantization.kernel_integers import BITS
from engine.steps.post_training_quantization.replaced_constants import with_constants

MAX_ITERATIONS = 50
CONVERGED = 1e-6
"""Of the largest weight."""


def with_clipped_kernels(float32: bytes, quantised: bytes) -> bytes:
    """The float32 `.tflite` with the kernels that are integers in `quantised` clipped for their bits.

    Quantised again by their largest values, these kernels have the scales of the clipping.
    """
    cut = CutModel(float32)
    numbers = [number for number in range(cut.count) if cut.kind(number) in KERNEL_INPUT]
    clipped = {}
    for number, stored in zip(numbers, TfliteFile.parse(quantised).kernels, strict=True):
        slot, axis = KERNEL_INPUT[cut.kind(number)], OUTPUT_CHANNEL_AXIS.get(cut.kind(number), 0)
        kernel = cut.constant(cut.inputs(number)[slot])
        if stored.dtype in BITS and kernel is not None:
            channels = np.moveaxis(kernel, axis, 0)
            ends = clipping_ends(channels.reshape(len(channels), -1), BITS[stored.dtype])
            sides = (-1, *[1] * (kernel.ndim - 1))
            within = np.clip(channels, -ends.reshape(sides), ends.reshape(sides))
            clipped[number, slot] = np.moveaxis(within, 0, axis)
    return with_constants(float32, clipped)


def clipping_ends(channels: np.ndarray, bits: int) -> np.ndarray:
    """Where to clip each channel so that the mean square error is least, float32 (channels,).

    Within ±s a value is rounded to a step of s 2^(1-bits), at the cost of a twelfth of its square in the mean; a larger
    one is clipped, at the cost of its squared distance to s. The least cost is a fixed point, which the Newton-Raphson
    iteration of Sakr et al. 2022, equation 6, finds. Their step is a little smaller than that of integers that are
    symmetric about zero, and clips a little less, which agreed better with float32.

    Args:
        channels: float32 (channels, weights of each); zeros cost nothing.
        bits: of the integers.
    """
    sizes = np.abs(channels).astype(np.float64)
    largest = sizes.max(axis=1)
    rounding = 4.0**-bits / 3.0
    ends = sizes.sum(axis=1) / np.maximum((sizes > 0).sum(axis=1), 1)
    for _ in range(MAX_ITERATIONS):
        is_beyond = sizes > ends[:, None]
        within, beyond = ((sizes > 0) & ~is_beyond).sum(axis=1), is_beyond.sum(axis=1)
        weight = np.maximum(rounding * within + beyond, rounding)
        # Where no weight is larger, as where all are of one size, there is nothing to clip.
        better = np.where(beyond > 0, (sizes * is_beyond).sum(axis=1) / weight, ends)
        has_converged = np.abs(better - ends) <= CONVERGED * largest
        ends = better
        if has_converged.all():
            break
    return np.minimum(ends, largest).astype(np.float32)
