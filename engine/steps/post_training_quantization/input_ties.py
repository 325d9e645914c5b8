"""Keeps input values from lying halfway between two integers, where runtimes round differently."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from engine.steps.post_training_quantization.calibration import ActivationRange

WIDENED_BY = 1 / 1024
"""Of the range: a quarter of an integer at its end."""
STEPS = 255
"""Of int8 from one end of a range to the other."""
NEARLY = 1e-3
"""Of an integer: what the division by the scale may be off."""


def without_input_ties(
    input_name: str, ranges: Mapping[str, ActivationRange], images: Iterable[np.ndarray]
) -> Mapping[str, ActivationRange]:
    """The ranges with that of the input a little wider, where values of the images lie between two integers.

    Pixels are fractions of 255, and subbands quarters of these: by the scale 1/255 every fourth value of a Haar
    approximation is half an integer. TensorFlow Lite Micro rounds it away from zero, LiteRT's own kernels to even.
    Pixels themselves are whole integers by that scale, and stay so: a wider range would round each of them.
    """
    fed = ranges.get(input_name)
    if fed is None or not any(_has_ties(np.asarray(image), fed) for image in images):
        return ranges
    seen = fed.seen or (fed.min, fed.max)
    wider = ActivationRange(fed.min * (1 + WIDENED_BY), fed.max * (1 + WIDENED_BY), seen)
    return {**ranges, input_name: wider}


def _has_ties(values: np.ndarray, fed: ActivationRange) -> bool:
    """Whether some values are half an integer; the integer of zero shifts all by a whole number."""
    scale = (max(fed.max, 0.0) - min(fed.min, 0.0)) / STEPS
    if scale <= 0:
        return False
    integers = values.astype(np.float64) / scale
    return bool((np.abs(integers - np.floor(integers) - 0.5) < NEARLY).any())
