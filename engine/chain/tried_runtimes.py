"""Tries a finished file in the runtimes that nothing is known of yet, on some of its test images."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.contract.measurements import VariantMeasurement
from engine.contract.progress import Progress
from engine.datasets.source import Split
from engine.feeding.study_images import StudyImages
from engine.measurement.runtime_measurement import runtime_figures, tried_places, untried


def with_runtimes(
    variant: VariantMeasurement, file: Path, images: StudyImages, output: np.ndarray, progress: Progress
) -> VariantMeasurement:
    """The variant with what is known of every runtime; the same object where that is all known already.

    Args:
        file: as it ships.
        output: by LiteRT for the test images, float32 (n, classes or 1).

    Raises:
        Cancelled: out of `progress`.
    """
    keys = untried(variant.runtimes)
    if not keys:
        return variant
    rows = images.dataset.splits[Split.TEST]
    places = tried_places(variant.macs, len(rows))

    def fed() -> np.ndarray:
        return images.pipeline.feed(images.dataset.images[rows[places]])

    found = runtime_figures(file, fed, output[places], keys, progress)
    return variant.model_copy(update={"runtimes": variant.runtimes | found})
