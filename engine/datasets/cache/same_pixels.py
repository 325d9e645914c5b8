"""Takes the pixels of images that were decoded before for another split: each seed and fold divides the same images.

Not where one scale for all is found in the training images, which are others in another split.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from engine.contract.document import Document
from engine.contract.image_settings import ImageSettings
from engine.datasets.cache.decoded_image import Decoded
from engine.datasets.cache.decoding import DecodedDataset
from engine.datasets.cache.image_cache import IMAGES_FILE, CachedImages, damage, open_cache
from engine.datasets.source import SampleIndex

PIXELS_FILE = "pixels.key"
"""What tells the pixels of a cache folder from those of others that are divided as it is."""


def shaping(images: ImageSettings) -> Document:
    """The settings that decoded pixels depend on."""
    return images.model_dump(mode="json", include={"size", "color", "resample", "jpeg_quality", "value_range"})


def pixels_key(index: SampleIndex, images: ImageSettings, version: int) -> str:
    """SHA-256 over all that decoded images depend on, but for their split.

    Args:
        version: of the decoding.
    """
    parts = [version, index.fingerprint, shaping(images)]
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode())
    for sample in index.samples:
        digest.update(f"{sample.path}\n".encode())
    return digest.hexdigest()


def write_pixels_key(folder: Path, key: str) -> None:
    """Say what the pixels of a new cache folder are."""
    (folder / PIXELS_FILE).write_text(key, encoding="utf-8")


def take_pixels(folder: Path, cache: Path, key: str, index: SampleIndex) -> DecodedDataset | None:
    """Put the images of another split of the cache into `folder`; None where there are none that are whole."""
    found = next(_of_pixels(cache, key), None)
    if found is None:
        return None
    place, other = found
    _link(place / IMAGES_FILE, folder / IMAGES_FILE)
    sample_of = {sample.path: sample for sample in index.samples}
    # Those that could not be read stand behind those that the listing skipped.
    unreadable = other.index.skipped[len(index.skipped) :]
    return DecodedDataset(
        samples=tuple(sample_of[path] for path in other.index.paths),
        traits=other.traits,
        unreadable=tuple(Decoded(sample_of[one.path], None, reason=one.reason) for one in unreadable),
        bytes_before=other.index.bytes_before,
        bytes_after=other.index.bytes_after,
    )


def _of_pixels(cache: Path, key: str) -> Iterator[tuple[Path, CachedImages]]:
    for file in sorted(cache.glob(f"*/{PIXELS_FILE}")):
        try:
            same = file.read_text(encoding="utf-8") == key
        except OSError:
            continue
        # What is damaged is put aside by the run that it belongs to.
        is_whole = same and ".damaged" not in file.parent.name and not damage(file.parent)
        if is_whole and (opened := open_cache(file.parent)) is not None:
            yield file.parent, opened


def _link(source: Path, target: Path) -> None:
    """As a hard link, which takes no room; a copy where the disk knows none."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
