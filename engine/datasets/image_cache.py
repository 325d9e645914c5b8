"""Decoded images on disk: one folder a fingerprint, written whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from engine.contract.measurements import SkippedFile
from engine.datasets.source import Split
from engine.datasets.stored_images import StoredImages

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

    images: StoredImages
    index: CacheIndex


def open_cache(folder: Path) -> CachedImages | None:
    """The cache in `folder`, or None where there is none that is whole."""
    try:
        index = CacheIndex.model_validate_json((folder / INDEX_FILE).read_bytes())
        images = StoredImages(folder / IMAGES_FILE)
    except (OSError, ValueError, EOFError):  # pydantic's errors are ValueErrors
        return None
    rows = {len(images), len(index.labels), len(index.splits), len(index.paths)}
    return CachedImages(images, index) if len(rows) == 1 else None


def write_index(folder: Path, index: CacheIndex) -> None:
    """Write what goes with the images; the cache is whole with it."""
    (folder / INDEX_FILE).write_text(index.model_dump_json(), encoding="utf-8")
