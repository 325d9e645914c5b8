"""Keeps input values from lying halfway between two integers, where runtimes round differently."""

from __future__ import annotations

from collections.abc import Mapping

from engine.steps.post_training_quantization.calibration import ActivationRange

WIDENED_BY = 1 / 1024
"""Of the range: a quarter of an integer at its end."""


def without_input_ties(input_name: str, ranges: Mapping[str, ActivationRange]) -> Mapping[str, ActivationRange]:
    """The ranges with that of the input a little wider.

    Pixels are fractions of 255, and subbands quarters of these: by the scale 1/255 every fourth value of a Haar
    approximation is half an integer. TensorFlow Lite Micro rounds it away from zero, LiteRT's own kernels to even.
    """
    fed = ranges.get(input_name)
    if fed is None:
        return ranges
    seen = fed.seen or (fed.min, fed.max)
    wider = ActivationRange(fed.min * (1 + WIDENED_BY), fed.max * (1 + WIDENED_BY), seen)
    return {**ranges, input_name: wider}
