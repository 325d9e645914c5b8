"""Decodes and resizes all samples of a dataset into one array on disk, on all cores, in bounded memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from engine.contract.recipe import DatasetSettings, ImageSettings
from engine.datasets.image_cache import IMAGES_FILE
from engine.datasets.source import DatasetSource, Sample
from engine.imaging.normalisation import normalise, png_bytes

CHUNK = 256
"""Images that are in memory at a time."""


@dataclass(frozen=True)
class Decoded:
    """One image, or why there is none."""

    sample: Sample
    pixels: np.ndarray | None
    bytes_before: int = 0
    bytes_after: int = 0
    reason: str = ""


@dataclass(frozen=True)
class DecodedDataset:
    """What was written, in the samples' order without those that could not be read."""

    samples: tuple[Sample, ...]
    unreadable: tuple[Decoded, ...]
    bytes_before: int
    bytes_after: int


def decode_into(
    folder: Path,
    source: DatasetSource,
    dataset: DatasetSettings,
    images: ImageSettings,
    seed: int,
    samples: tuple[Sample, ...],
    progress: Callable[[int, int], None],
    raise_if_cancelled: Callable[[], None],
) -> DecodedDataset:
    """Write `images.npy` into `folder`.

    The array is uint8 until the first 16-bit image comes; then what was written is widened, so that no depth is lost.
    """

    def decode(sample: Sample) -> Decoded:
        return decode_one(source, dataset, images, seed, sample)

    height, width = images.height_width
    shape = (len(samples), height, width, 1 if images.color == "grayscale" else 3)
    writer = _ImageWriter(folder / IMAGES_FILE, shape)
    kept: list[Sample] = []
    unreadable: list[Decoded] = []
    before = after = done = 0
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        remaining = iter(samples)
        while chunk := list(islice(remaining, CHUNK)):
            raise_if_cancelled()
            for decoded in pool.map(decode, chunk):
                if decoded.pixels is None:
                    unreadable.append(decoded)
                    continue
                writer.append(decoded.pixels)
                kept.append(decoded.sample)
                before, after = before + decoded.bytes_before, after + decoded.bytes_after
            done += len(chunk)
            progress(done, len(samples))
    writer.close()
    return DecodedDataset(tuple(kept), tuple(unreadable), before, after)


def decode_one(
    source: DatasetSource, dataset: DatasetSettings, images: ImageSettings, seed: int, sample: Sample
) -> Decoded:
    """One sample at the settings' size; never raises for an image that cannot be read."""
    try:
        image = source.decode(dataset, seed, sample)
        pixels, bytes_after = normalise(image, images)
    except (OSError, ValueError, MemoryError) as error:
        return Decoded(sample, None, reason=str(error) or type(error).__name__)
    bytes_before = sample.file_bytes or png_bytes(image if image.ndim == 3 else image[:, :, None])
    return Decoded(sample, pixels, bytes_before, bytes_after)


class _ImageWriter:
    """Appends images to an `.npy` file; widens it to 16 bits when the first such image comes."""

    def __init__(self, path: Path, shape: tuple[int, ...]) -> None:
        self._path = path
        self._shape = shape
        self._count = 0
        self._array = _new_array(path, np.dtype(np.uint8), shape)

    def append(self, pixels: np.ndarray) -> None:
        if pixels.dtype == np.uint16 and self._array.dtype == np.uint8:
            self._widen()
        if pixels.dtype == np.uint8 and self._array.dtype == np.uint16:
            pixels = pixels.astype(np.uint16) * 257
        self._array[self._count] = pixels
        self._count += 1

    def close(self) -> None:
        """Cut the file to the images that came."""
        if self._count < self._shape[0]:
            whole, self._array = (
                self._array,
                _new_array(self._path.with_suffix(".cut"), self._array.dtype, (self._count, *self._shape[1:])),
            )
            for start in range(0, self._count, CHUNK):
                self._array[start : start + CHUNK] = whole[start : min(start + CHUNK, self._count)]
            self._replace(whole, ".cut")
        self._array.flush()

    def _widen(self) -> None:
        narrow, self._array = self._array, _new_array(self._path.with_suffix(".wide"), np.dtype(np.uint16), self._shape)
        for start in range(0, self._count, CHUNK):
            part = narrow[start : min(start + CHUNK, self._count)]
            self._array[start : start + len(part)] = part.astype(np.uint16) * 257
        self._replace(narrow, ".wide")

    def _replace(self, old: Any, suffix: str) -> None:
        self._array.flush()
        dtype, shape = self._array.dtype, self._array.shape
        del old
        self._array = _EMPTY
        self._path.with_suffix(suffix).replace(self._path)
        self._array = np.lib.format.open_memmap(self._path, mode="r+")
        assert (self._array.dtype, self._array.shape) == (dtype, shape)


_EMPTY: Any = np.empty(0)


def _new_array(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Any:
    return np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)


def chunks(rows: np.ndarray, size: int = CHUNK) -> Iterator[np.ndarray]:
    """Consecutive parts of `rows`."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
