"""The decoded images that a runs directory still has, for those whose originals are gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.contract.image_settings import ImageSettings
from engine.contract.measurements import ImageBytes
from engine.datasets.cache.image_cache import CachedImages, damage, open_cache
from engine.datasets.cache.stored_images import StoredImages
from engine.verification.finished_run import SplitImages


@dataclass(frozen=True)
class CachedRows:
    images: StoredImages
    row_of: Mapping[str, int]
    """Path → row of `images`."""


def cached_rows(
    cache: Path, settings: ImageSettings, kept: SplitImages, printed: ImageBytes | None
) -> CachedRows | None:
    """Undamaged decoded images of the run's dataset under a setting; None where there are none.

    Args:
        cache: the folder of all decoded images.
        kept: what the run kept of its images; only those with the same digests are the same.
        printed: their bytes.
    """
    if not kept.digest_of or printed is None or not cache.is_dir():
        return None
    shape = (*settings.height_width, 1 if settings.color == "grayscale" else 3)
    for folder in sorted(cache.iterdir()):
        found = open_cache(folder)
        if found is not None and found.images.shape[1:] == shape and _is_same(found, kept, printed):
            if damage(folder):
                continue
            return CachedRows(found.images, {path: row for row, path in enumerate(found.index.paths)})
    return None


def _is_same(found: CachedImages, kept: SplitImages, printed: ImageBytes) -> bool:
    if (found.index.bytes_before, found.index.bytes_after) != (
        printed.bytes_before,
        printed.bytes_after,
    ):
        return False
    digests = (one.digest.hex() for one in found.traits)
    return dict(zip(found.index.paths, digests, strict=True)) == dict(kept.digest_of)
