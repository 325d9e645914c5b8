"""Decoded images on disk, memory-mapped: one folder a fingerprint, written whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from engine.contract.measurements import SkippedFile
from engine.datasets.source import Split

IMAGES_FILE = "images.npy"
INDEX_FILE = "index.json"


class CacheIndex(BaseModel):
    """What goes with the images, one entry a row."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    format: Literal[2] = 2
    classes: tuple[str, ...]
    labels: tuple[int, ...]
    """Indices into `classes`."""
    splits: tuple[Split, ...]
    paths: tuple[str, ...]
    skipped: tuple[SkippedFile, ...]
    bytes_before: int
    bytes_after: int


@dataclass(frozen=True)
class CachedImages:
    """What one cache folder holds."""

    images: np.ndarray
    """Memory-mapped, read-only, (n, height, width, channels), uint8 or uint16."""
    index: CacheIndex


def open_cache(folder: Path) -> CachedImages | None:
    """The cache in `folder`, or None where there is none that is whole."""
    try:
        index = CacheIndex.model_validate_json((folder / INDEX_FILE).read_bytes())
        images = np.load(folder / IMAGES_FILE, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):  # pydantic's errors are ValueErrors
        return None
    rows = {len(images), len(index.labels), len(index.splits), len(index.paths)}
    whole = images.ndim == 4 and images.dtype in (np.uint8, np.uint16) and len(rows) == 1
    return CachedImages(images, index) if whole else None


def write_index(folder: Path, index: CacheIndex) -> None:
    """Write what goes with the images; the cache is whole with it."""
    (folder / INDEX_FILE).write_text(index.model_dump_json(), encoding="utf-8")
