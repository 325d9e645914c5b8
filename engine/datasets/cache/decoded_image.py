"""One image of a dataset, decoded and made as small as the settings say, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.contract.image_settings import ImageSettings
from engine.datasets.files.image_traits import ImageTraits, image_traits
from engine.datasets.source import DatasetSource, Sample
from engine.imaging.normalisation import normalise, png_bytes


@dataclass(frozen=True)
class Decoded:
    """One image, or why there is none."""

    sample: Sample
    pixels: np.ndarray | None
    """(height, width, channels), uint8 or uint16."""
    bytes_before: int = 0
    bytes_after: int = 0
    reason: str = ""
    traits: ImageTraits | None = None


def decode_one(source: DatasetSource, images: ImageSettings, sample: Sample) -> Decoded:
    """One sample at the settings' size; never raises for an image that cannot be read."""
    try:
        image = source.decode(sample)
        traits = image_traits(image)
        pixels, bytes_after = normalise(image, images)
    except (OSError, ValueError, MemoryError) as error:
        return Decoded(sample, None, reason=str(error) or type(error).__name__)
    bytes_before = sample.file_bytes or png_bytes(image if image.ndim == 3 else image[:, :, None])
    return Decoded(sample, pixels, bytes_before, bytes_after, traits=traits)
