"""What the image settings make of some images, for the wizard's live before and after. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.contract.errors import DataError
from engine.contract.image_settings import ImageSettings
from engine.contract.measurements import ImageBytes, TransformFigures
from engine.contract.progress import Progress
from engine.feeding.pipeline import network_input_shape
from engine.feeding.samples import SHOWN_WITHOUT_DWT, SubbandLevel, image_size_preview, subband_preview
from engine.imaging.thumbnail import thumbnail
from engine.imaging.transform_figures import images_looked_at, transform_figures
from workers.dataset_scan import DecodedSample

SHOWN_PIXELS = 256


@dataclass(frozen=True)
class ImagePreview:
    """One image before and after, its subbands, and the sizes over all the images given."""

    settings: ImageSettings
    before: np.ndarray
    after: np.ndarray
    """(height, width) or (height, width, 3), uint8, at most `SHOWN_PIXELS` per side."""
    before_size: tuple[int, int]
    after_size: tuple[int, int]
    """(height, width) in pixels of the images themselves."""
    levels: tuple[SubbandLevel, ...]
    """With bands of at most `SHOWN_PIXELS` per side."""
    sizes: ImageBytes
    transform: TransformFigures | None
    """Over the images given, of large ones over the first few; None where the transform is off."""
    input_shape: tuple[int, int, int]
    """Of the network: (height, width, channels)."""
    images: int


def preview_images(
    settings: ImageSettings,
    samples: Sequence[DecodedSample],
    progress: Progress,
    chosen: Callable[[], DecodedSample] | None = None,
) -> ImagePreview:
    """Apply the settings to the samples.

    Args:
        chosen: reads the image that is shown; None: the first of the samples is.

    Raises:
        DataError: an image is gone.
        RecipeError: the settings cannot be applied; the sentence says why.
        Cancelled: out of `progress`.
    """
    shape = network_input_shape(settings)
    progress.raise_if_cancelled()
    files = [sample.file_bytes for sample in samples]
    try:
        before = [sample.pixels(settings) for sample in samples]
        first = chosen().pixels(settings) if chosen else before[0]
    except (OSError, ValueError) as error:
        raise DataError(f"An image of the preview {error}; rescan the images.") from None
    progress.raise_if_cancelled()
    after, sizes = image_size_preview(before, settings, files if all(files) else ())
    progress.raise_if_cancelled()
    few = after[: images_looked_at(*settings.height_width)]
    transform = transform_figures(stacked(few), settings.dwt) if settings.dwt else None
    progress.raise_if_cancelled()
    shown = after[0] if chosen is None else image_size_preview([first], settings, ())[0][0]
    return ImagePreview(
        settings=settings,
        before=thumbnail(first, SHOWN_PIXELS),
        after=thumbnail(shown, SHOWN_PIXELS),
        before_size=(first.shape[0], first.shape[1]),
        after_size=(shown.shape[0], shown.shape[1]),
        levels=tuple(_thinned(level) for level in subband_preview(shown, settings.dwt or SHOWN_WITHOUT_DWT)),
        sizes=sizes,
        transform=transform,
        input_shape=shape,
        images=len(samples),
    )


def stacked(images: Sequence[np.ndarray]) -> np.ndarray:
    """All in one array; where one has sixteen bits, the others too."""
    if len({image.dtype for image in images}) > 1:
        images = [image if image.dtype == np.uint16 else image.astype(np.uint16) * 257 for image in images]
    return np.stack(images)


def _thinned(level: SubbandLevel) -> SubbandLevel:
    """Large bands by every second, third, … value: their mean would wipe out what they show."""
    step = -(-max(level.bands["LL"].shape[:2]) // SHOWN_PIXELS)
    return replace(level, bands={name: band[::step, ::step] for name, band in level.bands.items()})
