"""Finds the range of every activation over calibration images, which static quantisation lays its integers on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.contract.errors import NutshellError
from engine.contract.progress import UNWATCHED, Progress
from engine.measurement.observed_network import ObservedNetwork
from engine.steps.post_training_quantization.evidence import CalibrationRecord, TensorRange
from engine.steps.post_training_quantization.least_error_ranges import least_error_range

HISTOGRAM_BINS = 2048
LARGEST_VALUE = 1e18
"""Of an activation that can be quantised: its square, which ranges are combined to, is within float32."""
SMALLEST_SPAN = 1e-30
"""In place of the zero of a tensor that never changes."""


@dataclass(frozen=True)
class ActivationRange:
    """The values of one tensor that keep their place; those beyond are clipped to the nearest end."""

    min: float
    max: float
    seen: tuple[float, float] | None = None
    """The minimum and maximum of the tensor, where they differ."""


def activation_ranges(
    float32: bytes,
    images: Sequence[np.ndarray],
    percentile: float = 100.0,
    progress: Progress = UNWATCHED,
    least_error_bits: int | None = None,
) -> Mapping[str, ActivationRange]:
    """Run the images through a float32 `.tflite` and take the range of each of its activations.

    Args:
        float32: a file with one input of one image.
        images: float32 (height, width, channels) each as the network is fed, at least one; gone through once or twice.
        percentile: 100 takes the minimum and maximum seen. A lower one cuts the rare values beyond it off at both
            ends, to a bin of 2048 over the whole range; the network's own input is never cut.
        progress: told after each image.
        least_error_bits: instead of a percentile, cut where integers of so many bits have the least mean square error.

    Raises:
        NutshellError: a value is not finite, or too large to be quantised.

    Returns:
        Tensor name → range, for the input and every operator's output.
    """
    network = ObservedNetwork(float32)
    passes = 1 if percentile == 100.0 and least_error_bits is None else 2
    total = passes * len(images)
    seen: dict[str, ActivationRange] = {}
    for number, image in enumerate(images):
        for name, values in network.activations(image):
            seen[name] = _widened(seen.get(name), values)
        progress.report(number + 1, total)
    if passes == 1:
        return seen
    counts = {name: np.zeros(HISTOGRAM_BINS, dtype=np.int64) for name in seen if name != network.input_name}
    for number, image in enumerate(images):
        for name, values in network.activations(image):
            if name in counts:
                counts[name] += _histogram(values, seen[name])
        progress.report(len(images) + number + 1, total)
    if least_error_bits is not None:
        return seen | {name: _of_least_error(seen[name], found, least_error_bits) for name, found in counts.items()}
    return seen | {name: _cut(seen[name], histogram, percentile) for name, histogram in counts.items()}


def calibration_record(
    ranges: Mapping[str, ActivationRange], method: str, percentile: float | None, images: int
) -> CalibrationRecord:
    """The ranges as they are kept beside the file that was made by them."""
    kept = []
    for tensor, used in ranges.items():
        seen_min, seen_max = used.seen or (used.min, used.max)
        kept.append(
            TensorRange(
                tensor=tensor,
                seen_least=seen_min,
                seen_greatest=seen_max,
                least=used.min,
                greatest=used.max,
            )
        )
    return CalibrationRecord(method=method, percentile=percentile, images=images, ranges=tuple(kept))


def _widened(known: ActivationRange | None, values: np.ndarray) -> ActivationRange:
    minimum, maximum = float(values.min()), float(values.max())
    if not abs(minimum) < LARGEST_VALUE > abs(maximum):
        raise NutshellError(
            f"The network computes values up to {max(abs(minimum), abs(maximum)):.3g} on the calibration images, more "
            "than integers can represent. Its training diverged: lower the learning rate and train again."
        )
    if known is None:
        return ActivationRange(minimum, maximum)
    return ActivationRange(min(known.min, minimum), max(known.max, maximum))


def _histogram(values: np.ndarray, limits: ActivationRange) -> np.ndarray:
    """How many values lie in each of the equal bins between the limits; several times as fast as NumPy's own."""
    bins_per_unit = HISTOGRAM_BINS / max(limits.max - limits.min, SMALLEST_SPAN)
    bins = ((values.ravel() - np.float32(limits.min)) * np.float32(bins_per_unit)).astype(np.int32)
    return np.bincount(np.minimum(bins, HISTOGRAM_BINS - 1), minlength=HISTOGRAM_BINS)


def _of_least_error(seen: ActivationRange, histogram: np.ndarray, bits: int) -> ActivationRange:
    minimum, maximum = least_error_range(seen.min, seen.max, histogram, bits)
    return ActivationRange(minimum, maximum, (seen.min, seen.max))


def _cut(seen: ActivationRange, histogram: np.ndarray, percentile: float) -> ActivationRange:
    """The part of the range outside of which at most 100 − `percentile` percent of the values lie at either end."""
    share_below = np.cumsum(histogram) / max(int(histogram.sum()), 1)
    edges = np.linspace(seen.min, seen.max, HISTOGRAM_BINS + 1)
    outside = 1.0 - percentile / 100.0
    first = int(np.searchsorted(share_below, outside, side="right"))
    last = int(np.searchsorted(share_below, 1.0 - outside, side="left"))
    return ActivationRange(float(edges[min(first, last)]), float(edges[last + 1]), (seen.min, seen.max))
