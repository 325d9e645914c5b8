"""The ranges that a calibrated file is made with: those of the values, tied and widened where integers need it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.contract.progress import UNWATCHED, Progress
from engine.measurement.tflite_file import TfliteFile
from engine.steps.post_training_quantization.calibration import ActivationRange, activation_ranges
from engine.steps.post_training_quantization.concatenation_ties import with_shared_ranges
from engine.steps.post_training_quantization.converter_ranges import converter_ranges
from engine.workbench.input_ties import without_ties


def used_ranges(
    float32: bytes,
    images: Sequence[np.ndarray],
    percentile: float = 100.0,
    as_converter: bool = True,
    progress: Progress = UNWATCHED,
    least_error_bits: int | None = None,
) -> Mapping[str, ActivationRange]:
    """Tensor name → range over the images, as `quantized` and `quantized_by_layer` take them.

    Args:
        images, percentile, least_error_bits: as `activation_ranges` takes them.
        as_converter: widen the sums of a residual network as TFLiteConverter does.

    Raises:
        NutshellError: as `activation_ranges`.
    """
    ranges = activation_ranges(float32, images, percentile, progress, least_error_bits)
    used = converter_ranges(float32, ranges) if as_converter else ranges
    return with_whole_inputs(TfliteFile.parse(float32).input.name, with_shared_ranges(float32, used), images)


def with_whole_inputs(
    input_name: str, ranges: Mapping[str, ActivationRange], images: Sequence[np.ndarray]
) -> Mapping[str, ActivationRange]:
    """The ranges with that of the input a little wider, where values of the images lie between two integers."""
    fed = ranges.get(input_name)
    if fed is None or (wider := without_ties(fed.min, fed.max, images)) == (fed.min, fed.max):
        return ranges
    return {**ranges, input_name: ActivationRange(*wider, fed.seen or (fed.min, fed.max))}
