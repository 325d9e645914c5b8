"""Decoded images on disk, memory-mapped: one folder a fingerprint, written whole or not at all."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

IMAGES_FILE = "images.npy"
INDEX_FILE = "index.json"
FORMAT = 1


@dataclass(frozen=True)
class CachedImages:
    """What one cache folder holds."""

    images: np.ndarray
    """Memory-mapped, read-only, (n, height, width, channels), uint8 or uint16."""
    index: dict[str, Any]
    """`labels`, `splits`, `paths`, `skipped`, `bytes_before`, `bytes_after`."""


def open_cache(folder: Path) -> CachedImages | None:
    """The cache in `folder`, or None where there is none that is whole."""
    try:
        index = json.loads((folder / INDEX_FILE).read_text(encoding="utf-8"))
        if index["format"] != FORMAT:
            return None
        images = np.load(folder / IMAGES_FILE, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, KeyError, EOFError):
        return None
    whole = len(images) == len(index["labels"]) == len(index["paths"]) == len(index["splits"])
    return CachedImages(images, index) if whole and images.ndim == 4 else None


def write_index(folder: Path, index: dict[str, Any]) -> None:
    """Write what goes with the images; the cache is whole with it."""
    (folder / INDEX_FILE).write_text(json.dumps({"format": FORMAT, **index}, ensure_ascii=True), encoding="utf-8")
