"""Decodes and resizes all samples of a dataset into one array on disk, on all cores, in bounded memory."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.contract.image_settings import ImageSettings
from engine.datasets.image_cache import IMAGES_FILE
from engine.datasets.image_traits import ImageTraits, image_traits
from engine.datasets.image_writer import ImageWriter
from engine.datasets.ordered_work import in_order
from engine.datasets.source import DatasetSource, Sample
from engine.imaging.normalisation import normalise, png_bytes

AHEAD_A_THREAD = 8
"""Images that each thread may have decoded before they are written."""
TOLD_EVERY = 16
"""Images between two calls of `progress`."""


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


@dataclass(frozen=True)
class DecodedDataset:
    """What was written, in the samples' order without those that could not be read."""

    samples: tuple[Sample, ...]
    traits: tuple[ImageTraits, ...]
    """Of each sample's image as it came."""
    unreadable: tuple[Decoded, ...]
    bytes_before: int
    bytes_after: int


def decode_into(
    folder: Path,
    source: DatasetSource,
    images: ImageSettings,
    samples: tuple[Sample, ...],
    progress: Callable[[int, int], None],
    raise_if_cancelled: Callable[[], None],
) -> DecodedDataset:
    """Write the images of all samples that can be read into `images.npy` in `folder`, in the samples' order.

    Raises:
        OSError: the file cannot be written.
    """

    def decode(sample: Sample) -> Decoded:
        return decode_one(source, images, sample)

    image_shape = (*images.height_width, 1 if images.color == "grayscale" else 3)
    kept: list[Sample] = []
    traits: list[ImageTraits] = []
    unreadable: list[Decoded] = []
    before = after = 0
    # Threads: Pillow lets go of the interpreter's lock to decode and resize, and TensorFlow does not survive a fork.
    threads = os.cpu_count() or 1
    with ImageWriter(folder / IMAGES_FILE, image_shape) as writer, ThreadPoolExecutor(threads) as pool:
        for done, decoded in enumerate(in_order(pool, decode, samples, threads * AHEAD_A_THREAD)):
            if done % TOLD_EVERY == 0:
                raise_if_cancelled()
                progress(done, len(samples))
            if decoded.pixels is None or decoded.traits is None:
                unreadable.append(decoded)
                continue
            writer.append(decoded.pixels)
            kept.append(decoded.sample)
            traits.append(decoded.traits)
            before, after = before + decoded.bytes_before, after + decoded.bytes_after
    progress(len(samples), len(samples))
    return DecodedDataset(tuple(kept), tuple(traits), tuple(unreadable), before, after)


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
