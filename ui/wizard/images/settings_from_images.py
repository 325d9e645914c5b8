"""The image settings that a new study begins with: those that suit its images."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median_low

from engine.contract.image_settings import ImageSettings
from engine.language.speech import tr
from workers.dataset_scan import DecodedSample

LARGEST_SIDE = 128
"""Larger images are resized to this at first: a network of it trains in minutes on a laptop."""
MIN_SIDE = 8


def fitted_settings(samples: Sequence[DecodedSample]) -> ImageSettings:
    """The images' own size, up to `LARGEST_SIDE`, and their own colour; without a wavelet transform.

    Where the images differ in size, a square of the median of their shorter sides.
    """
    sizes = [sample.image.shape[:2] for sample in samples]
    colour = any(sample.image.ndim == 3 for sample in samples)
    height, width = sizes[0]
    if len(set(sizes)) > 1 or max(height, width) > LARGEST_SIDE:
        side = min(LARGEST_SIDE, median_low(min(size) for size in sizes))
        height = width = side
    height, width = max(height, MIN_SIDE), max(width, MIN_SIDE)
    size = height if height == width else (height, width)
    return ImageSettings(size=size, color="rgb" if colour else "grayscale")


def advice(settings: ImageSettings, samples: Sequence[DecodedSample]) -> str:
    """Effects of these settings that a user may not want: enlargement, lost colour; empty if none."""
    sentences = []
    height, width = settings.height_width
    smaller = [sample for sample in samples if sample.image.shape[0] < height or sample.image.shape[1] < width]
    if 2 * len(smaller) > len(samples):
        smallest = min(smaller, key=lambda sample: sample.image.shape[0] * sample.image.shape[1]).image.shape
        size = f"{smallest[0]}×{smallest[1]}"
        sentences.append(
            tr("Some images are enlarged, such as one of {size}: this takes time and adds nothing.", size=size)
        )
    if settings.color == "grayscale" and any(sample.image.ndim == 3 for sample in samples):
        sentences.append(tr("The images are coloured; their colour is lost in grayscale."))
    if settings.color == "rgb" and all(sample.image.ndim == 2 for sample in samples):
        sentences.append(tr("The images are gray; three equal channels cost time and add nothing."))
    return " ".join(sentences)
