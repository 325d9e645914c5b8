"""Decoded images on disk: one folder per fingerprint, complete or absent."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from zipfile import BadZipFile

from pydantic import BaseModel, ConfigDict

from engine.contract.dataset_check import DatasetCheck
from engine.contract.measurements import ImageFidelity, SkippedFile
from engine.datasets.cache.found_range import FoundRange
from engine.datasets.cache.stored_images import StoredImages
from engine.datasets.files.image_traits import ImageTraits, read_traits, write_traits
from engine.datasets.source import Split
from engine.store.durable_file import write_durably
from engine.store.file_hash import file_hash

IMAGES_FILE = "images.npy"
INDEX_FILE = "index.json"
TRAITS_FILE = "traits.npz"
CHECK_FILE = "check.json"
HASHES_FILE = "hashes.json"
"""Name → SHA-256 of the others."""

HASHED_FILES = (IMAGES_FILE, INDEX_FILE, TRAITS_FILE, CHECK_FILE)


class CacheIndex(BaseModel):
    """What is stored with the images, one entry per row."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    format: Literal[4] = 4
    classes: tuple[str, ...]
    labels: tuple[int, ...]
    """Indices into `classes`."""
    splits: tuple[Split, ...]
    paths: tuple[str, ...]
    skipped: tuple[SkippedFile, ...]
    bytes_before: int
    bytes_after: int
    left_out: tuple[int, ...]
    """Rows of duplicates that are not used."""
    found_range: FoundRange | None = None
    """The one scale of images whose type does not say which value is white."""
    resize_fidelity: ImageFidelity | None = None
    jpeg_fidelity: ImageFidelity | None = None


@dataclass(frozen=True)
class CachedImages:
    """What one cache folder holds."""

    images: StoredImages
    index: CacheIndex
    traits: tuple[ImageTraits, ...]
    """Of each row's original image."""
    check: DatasetCheck


def damage(folder: Path) -> str:
    """The name of a file of the cache that has changed since it was written; empty if there is none. Every byte is
    read, once per run: some seconds for images whose epoch takes minutes.
    """
    if not folder.exists():
        return ""
    try:
        hashes = json.loads((folder / HASHES_FILE).read_bytes())
        return next((name for name in HASHED_FILES if file_hash(folder / name) != hashes.get(name)), "")
    except (OSError, ValueError, AttributeError):
        return HASHES_FILE


def put_aside(folder: Path) -> Path:
    """Give a damaged cache another name, so that its images are decoded again; nothing is deleted."""
    return folder.rename(folder.with_name(f"{folder.name}.damaged-{uuid.uuid4().hex[:8]}"))


def open_cache(folder: Path) -> CachedImages | None:
    """The cache in `folder`, or None where there is none that is whole."""
    try:
        index = CacheIndex.model_validate_json((folder / INDEX_FILE).read_bytes())
        check = DatasetCheck.model_validate_json((folder / CHECK_FILE).read_bytes())
        images = StoredImages(folder / IMAGES_FILE)
        traits = read_traits(folder / TRAITS_FILE)
    except (OSError, ValueError, EOFError, LookupError, BadZipFile):  # pydantic's errors are ValueErrors
        return None
    rows = {len(images), len(traits), len(index.labels), len(index.splits), len(index.paths)}
    whole = len(rows) == 1 and len(images.shape) == 4
    return CachedImages(images, index, traits, check) if whole else None


def write_index(folder: Path, index: CacheIndex, traits: Sequence[ImageTraits], check: DatasetCheck) -> None:
    """Write what goes with the images; the cache is whole with it."""
    write_traits(folder / TRAITS_FILE, traits)
    write_check(folder, check)
    (folder / INDEX_FILE).write_text(index.model_dump_json(), encoding="utf-8")
    _write_hashes(folder, {name: file_hash(folder / name) for name in HASHED_FILES})


def write_check(folder: Path, check: DatasetCheck) -> None:
    """Write what was found in the images, or what a later check found."""
    write_durably(folder / CHECK_FILE, check.model_dump_json())
    if (folder / HASHES_FILE).is_file():
        known = json.loads((folder / HASHES_FILE).read_bytes())
        _write_hashes(folder, {**known, CHECK_FILE: file_hash(folder / CHECK_FILE)})


def _write_hashes(folder: Path, hashes: Mapping[str, str]) -> None:
    write_durably(folder / HASHES_FILE, json.dumps(hashes, indent=1))
