"""Clips kernels where the mean square error of their integers is least (OCTAV, Sakr et al. 2022)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.export.model_part import CutModel
from engine.measurement.tflite_file import TfliteFile
from engine.measurement.tflite_graph import KERNEL_INPUT, OUTPUT_CHANNEL_AXIS
from engine.steps.post_training_quantization.replaced_constants import with_constants

BITS: Mapping[str, int] = {"int8": 8, "int4": 4}
ITERATIONS = 50
CONVERGED = 1e-6


def with_clipped_kernels(float32: bytes, quantised: bytes) -> bytes:
    """The float32 `.tflite` with the kernels that are integers in `quantised` clipped for their bits.

    Quantised again by their largest values, these kernels have the scales of the clipping.
    """
    cut = CutModel(float32)
    numbers = [number for number in range(cut.count) if cut.kind(number) in KERNEL_INPUT]
    clipped = {}
    for number, stored in zip(numbers, TfliteFile.parse(quantised).kernels, strict=True):
        slot = KERNEL_INPUT[cut.kind(number)]
        kernel = cut.constant(cut.inputs(number)[slot])
        if stored.dtype not in BITS or kernel is None:
            continue
        channels = np.moveaxis(kernel, OUTPUT_CHANNEL_AXIS.get(cut.kind(number), 0), 0)
        ends = clipping_ends(channels.reshape(len(channels), -1), BITS[stored.dtype])
        clipped[number, slot] = np.moveaxis(
            np.clip(channels, -ends.reshape(-1, *[1] * (kernel.ndim - 1)), ends.reshape(-1, *[1] * (kernel.ndim - 1))),
            0,
            OUTPUT_CHANNEL_AXIS.get(cut.kind(number), 0),
        )
    return with_constants(float32, clipped)


def clipping_ends(channels: np.ndarray, bits: int) -> np.ndarray:
    """Where to clip each channel, float32 (channels,): the fixed point of equation 6, by Newton and Raphson.

    The noise of rounding, s² 4^(1-bits) / 12 of each value within ±s, and the square of what is clipped beyond.
    """
    sizes = np.abs(channels).astype(np.float64)
    largest = sizes.max(axis=1)
    ends = sizes.sum(axis=1) / np.maximum((sizes > 0).sum(axis=1), 1)
    rounding = 4.0**-bits / 3.0
    for _ in range(ITERATIONS):
        beyond = sizes > ends[:, None]
        within = (sizes > 0) & ~beyond
        weight = rounding * within.sum(axis=1) + beyond.sum(axis=1)
        better = np.where(weight > 0, (sizes * beyond).sum(axis=1) / np.maximum(weight, 1e-30), ends)
        done = np.abs(better - ends) <= CONVERGED * np.maximum(largest, 1e-30)
        ends = better
        if done.all():
            break
    return np.minimum(ends, largest).astype(np.float32)
