"""Rounds the kernels of a quantised file up or down by what its layers give, one layer after the other.

Nagel et al. 2020 (Up or Down? Adaptive Rounding for Post-Training Quantization), with the asymmetric reconstruction of
their equation 25: a layer's inputs are those that the rounded layers before it give, its outputs those of the float32
network.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.contract.progress import COUNT_EVERY_S, UNWATCHED, Progress
from engine.export.model_part import CutModel
from engine.inspection.observed_layers import layer_name
from engine.measurement.tflite_file import TfliteFile
from engine.measurement.tflite_graph import BIAS_INPUT, KERNEL_INPUT, OUTPUT_CHANNEL_AXIS, Kernel
from engine.steps.post_training_quantization.activation_grids import activation_grids
from engine.steps.post_training_quantization.evidence import LearnedRounding, RoundedLayer
from engine.steps.post_training_quantization.kernel_integers import MOST
from engine.steps.post_training_quantization.layer_rows import as_kernel, as_matrix, sampled_rows
from engine.steps.post_training_quantization.paired_activations import PairedActivations
from engine.steps.post_training_quantization.rounding_cost import rounding_seconds

BOUNDS: Mapping[str, tuple[float, float]] = {
    "NONE": (-np.inf, np.inf),
    "RELU": (0.0, np.inf),
    "RELU6": (0.0, 6.0),
    "RELU_N1_TO_1": (-1.0, 1.0),
}
MAX_ROWS = 8192
ROWS_BYTES = 128 * 2**20
"""Of a layer's inputs; fewer rows where each is long."""
HELD_OUT = 8
"""One row of so many, from the last images, is not learned from: it tells whether the learned rounding is better."""


@dataclass(frozen=True)
class ChosenIntegers:
    """What was learned."""

    integers: Mapping[int, np.ndarray] = field(repr=False)
    """Place among the operators with kernels → int8, in the file's shape."""
    found: LearnedRounding


def learned_integers(
    float32: bytes,
    clipped: bytes,
    quantised: bytes,
    images: Sequence[np.ndarray],
    iterations: int,
    seed: int,
    progress: Progress = UNWATCHED,
) -> ChosenIntegers:
    """Choose the integers of all kernels of eight and four bits but those of transposed convolutions.

    The same arguments give the same integers.

    Args:
        float32: the network whose outputs are to be met.
        clipped: it, with the kernels that `quantised` was made of.
        quantised: in any scheme; its scales stay.
        images: float32 (height, width, channels) each as the network is fed, at least one.
        iterations: of each layer.

    Raises:
        NutshellError: the network cannot be cut into layers.
        Cancelled: out of `progress`, within a second or two.
    """
    return _Learning(float32, clipped, quantised, images, iterations, seed, progress).finish()


class _Learning:
    def __init__(
        self,
        float32: bytes,
        clipped: bytes,
        quantised: bytes,
        images: Sequence[np.ndarray],
        iterations: int,
        seed: int,
        progress: Progress,
    ) -> None:
        self._cut, self._iterations, self._seed, self._progress = CutModel(float32), iterations, seed, progress
        self._numbers = [one for one in range(self._cut.count) if self._cut.kind(one) in KERNEL_INPUT]
        self._kernels = TfliteFile.parse(quantised).kernels
        self._unrounded = TfliteFile.parse(clipped).kernels
        self._activations = PairedActivations(self._cut, activation_grids(quantised), images, progress)
        self._began = self._told_at = time.monotonic()

    def finish(self) -> ChosenIntegers:
        chosen: dict[int, np.ndarray] = {}
        layers = []
        for place, (number, kernel) in enumerate(zip(self._numbers, self._kernels, strict=True)):
            real = kernel.real_values
            if kernel.dtype in MOST and self._cut.kind(number) != "TRANSPOSE_CONV":
                integers, layer = self._learned(place, number, kernel)
                chosen[place] = integers
                layers.append(layer)
                real = Kernel(**{**vars(kernel), "values": integers}).real_values
            self._activations.go_on_from(number, real)
        took = time.monotonic() - self._began
        found = LearnedRounding(
            images=self._activations.images, iterations=self._iterations, seconds=took, layers=tuple(layers)
        )
        return ChosenIntegers(chosen, found)

    def _learned(self, place: int, number: int, kernel: Kernel) -> tuple[np.ndarray, RoundedLayer]:
        # TensorFlow takes seconds to load, and only this needs it.
        from engine.steps.post_training_quantization.learned_rounding import (
            LayerGrid,
            LayerRows,
            learned_rounding,
            output_error,
        )

        cut, kind = self._cut, self._cut.kind(number)
        generator = np.random.default_rng([self._seed, place])
        inputs, outputs = self._activations.go_to(number)
        values = self._unrounded[place].values
        count = int(np.clip(ROWS_BYTES / (4 * values[0].size), 1, MAX_ROWS))
        rows = LayerRows(*sampled_rows(cut, number, inputs, outputs, count, generator))
        scales = np.broadcast_to(kernel.scales, values.shape[OUTPUT_CHANNEL_AXIS.get(kind, 0)])
        grid = LayerGrid(
            steps=as_matrix(values, kind) / scales,
            nearest=as_matrix(kernel.values, kind).astype(np.float32),
            scales=scales,
            most=MOST[kernel.dtype],
            bias=self._bias(number, len(scales)),
            bounds=BOUNDS[cut.activation(number)],
        )
        kept = len(rows.inputs) - len(rows.inputs) // HELD_OUT
        tried, held_out = rows.part(0, kept), rows.part(kept if kept < len(rows.inputs) else 0, len(rows.inputs))
        found = learned_rounding(tried, grid, self._iterations, generator, lambda done: self._tell(place, done))
        before, after = (output_error(held_out, grid, one) for one in (grid.nearest, found))
        if after >= before:
            found, after = grid.nearest, before
        layer = RoundedLayer(
            layer=layer_name(cut.name(cut.inputs(number)[KERNEL_INPUT[kind]]), place + 1),
            dtype=kernel.dtype,
            weights=found.size,
            moved_fraction=float(np.mean(found != grid.nearest)),
            error_nearest=before,
            error=after,
        )
        return as_kernel(found, kind, kernel.values.shape).astype(np.int8), layer

    def _bias(self, number: int, channels: int) -> np.ndarray:
        inputs = self._cut.inputs(number)
        bias = self._cut.constant(inputs[BIAS_INPUT]) if len(inputs) > BIAS_INPUT and inputs[BIAS_INPUT] >= 0 else None
        return np.zeros(channels, np.float32) if bias is None else bias

    def _tell(self, place: int, done: int) -> None:
        self._progress.raise_if_cancelled()
        now = time.monotonic()
        if now - self._told_at < COUNT_EVERY_S:
            return
        self._told_at = now
        work = [self._work(kernel) for kernel in self._kernels]
        share = (sum(work[:place]) + work[place] * done / self._iterations) / sum(work)
        left = (now - self._began) / share * (1.0 - share)
        # TensorFlow traces its function in the first layer, which says nothing of the others.
        about = f", about {max(left, 1):.0f} s left" if place else ""
        self._progress.phase(f"learning the rounding of weights: layer {place + 1} of {len(work)}{about}")

    def _work(self, kernel: Kernel) -> float:
        return rounding_seconds(1, kernel.size if kernel.dtype in MOST else 0, self._iterations)
