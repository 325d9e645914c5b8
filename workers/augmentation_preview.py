"""What the augmentations make of some images, for the wizard's live before and after. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.contract.errors import DataError
from engine.contract.image_settings import ImageSettings
from engine.contract.progress import Progress
from engine.imaging.augment import augment, augmentation_streams
from engine.imaging.image_augmentation import Mixture
from engine.imaging.normalisation import normalise
from engine.imaging.thumbnail import thumbnail
from workers.dataset_scan import DecodedSample
from workers.image_preview import stacked

SHOWN_SIDE_PIXELS = 192
PREVIEW_STREAM = 0xA06


@dataclass(frozen=True)
class AugmentedSample:
    """One training image, before and after."""

    before: np.ndarray
    after: np.ndarray
    """(height, width) or (height, width, 3), uint8, at most `SHOWN_SIDE_PIXELS` per side; both of one brightness."""
    mixed: tuple[str, ...]
    """Where images are mixed: its classes with their shares, such as "70 % benign" and "30 % malignant", or its one
    class."""


def preview_augmentation(
    names: Sequence[str],
    settings: ImageSettings,
    samples: Sequence[DecodedSample],
    classes: Sequence[str],
    batch_size: int,
    draw: int,
    progress: Progress,
) -> tuple[AugmentedSample, ...]:
    """Augment the samples as batches of a training.

    Args:
        names: keys of the augmentations, in their order.
        batch_size: images that are mixed with one another.
        draw: counts how often it was drawn; another number gives other changes.

    Raises:
        DataError: an image is gone.
        RecipeError: an augmentation has no meaning for these images.
        Cancelled: out of `progress`.
    """
    prepared = []
    for sample in samples:
        progress.raise_if_cancelled()
        try:
            prepared.append(normalise(sample.pixels(settings), settings)[0])
        except (OSError, ValueError) as error:
            raise DataError(f"An image of the preview {error}; rescan the images.") from None
    before = stacked(prepared)
    names_of_classes = [classes[sample.sample.label if sample.sample else 0] for sample in samples]
    shown: list[AugmentedSample] = []
    for start in range(0, len(samples), batch_size):
        progress.raise_if_cancelled()
        batch, own = before[start : start + batch_size], names_of_classes[start : start + batch_size]
        after, mixture = augment(batch, augmentation_streams(names, PREVIEW_STREAM, draw, start))
        shown += (
            AugmentedSample(
                _shown(batch[place], batch[place]),
                _shown(after[place], batch[place]),
                () if mixture is None else _mixed(mixture, place, own),
            )
            for place in range(len(batch))
        )
    return tuple(shown)


def _shown(pixels: np.ndarray, scale_of: np.ndarray) -> np.ndarray:
    """At 8 bits; sixteen by the brightest value of `scale_of`, so that a change of brightness is seen."""
    if pixels.dtype == np.uint16:
        factor = 255 / max(int(scale_of.max()), 1)
        pixels = np.minimum(pixels * factor, 255).astype(np.uint8)
    return thumbnail(pixels, SHOWN_SIDE_PIXELS)


def _mixed(mixture: Mixture, place: int, names: Sequence[str]) -> tuple[str, ...]:
    percent = round(100 * float(mixture.shares[place]))
    own, other = names[place], names[int(mixture.partners[place])]
    if own == other or percent == 100:
        return (own,)
    return (f"{percent} % {own}", f"{100 - percent} % {other}") if percent else (other,)
