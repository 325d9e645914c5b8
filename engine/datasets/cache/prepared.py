"""A dataset that is decoded, resized and split, ready to be fed: what preparation gives and training takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.contract.dataset_check import DatasetCheck
from engine.contract.measurements import DatasetSummary, ImageBytes
from engine.contract.pixel_reading import PixelReading
from engine.datasets.cache.stored_images import StoredImages
from engine.datasets.source import Split


@dataclass(frozen=True)
class PreparedDataset:
    """All readable images of a dataset at the recipe's size and colour, before wavelet transform and scaling."""

    classes: tuple[str, ...]
    images: StoredImages
    """Shape (n, height, width, channels), dtype uint8, or uint16 where a source image is; read when asked for."""
    labels: np.ndarray
    """int64, shape (n,): indices into `classes`."""
    splits: Mapping[Split, np.ndarray]
    """Rows of each split, int64, ascending."""
    paths: tuple[str, ...]
    """Where each row came from; a row that is in no split is left out."""
    summary: DatasetSummary
    check: DatasetCheck
    image_bytes: ImageBytes
    reading: PixelReading
    """What was done to each image before it was resized."""
    fingerprint: str
    """SHA-256 over the source's files, the split and the settings that shape `images`."""
    cached: bool
    """Whether nothing had to be decoded."""
    pixel_digests: tuple[str, ...] = ()
    """Of each row's image as it was read, before it was resized: equal for equal pixels."""
