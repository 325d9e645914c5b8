"""What the image settings make of some images, for the wizard's live before and after. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.contract.measurements import ImageBytes
from engine.contract.recipe import ImageSettings
from engine.imaging.pipeline import network_input_shape
from engine.imaging.samples import SHOWN_WITHOUT_DWT, SubbandLevel, image_size_preview, subband_preview
from workers.dataset_scan import ClassSample


@dataclass(frozen=True)
class ImagePreview:
    """One image before and after, its subbands, and the sizes over all the images given."""

    before: np.ndarray
    after: np.ndarray
    """(height, width, 1 or 3)."""
    levels: tuple[SubbandLevel, ...]
    sizes: ImageBytes
    input_shape: tuple[int, int, int]
    """Of the network: (height, width, channels)."""
    images: int


def preview_images(
    settings: ImageSettings, samples: Sequence[ClassSample], raise_if_stale: Callable[[], None]
) -> ImagePreview:
    """Apply the settings to the samples.

    Raises:
        RecipeError: the settings cannot be applied; the sentence says why.
        Cancelled: out of `raise_if_stale`.
    """
    shape = network_input_shape(settings)
    raise_if_stale()
    files = [sample.file_bytes for sample in samples]
    after, sizes = image_size_preview([sample.image for sample in samples], settings, files if all(files) else ())
    raise_if_stale()
    levels = subband_preview(after[0], settings.dwt or SHOWN_WITHOUT_DWT)
    return ImagePreview(samples[0].image, after[0], levels, sizes, shape, len(samples))
