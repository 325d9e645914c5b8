"""Reads a run's images again, from where they came, and says which are no longer what they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.contract.errors import NutshellError
from engine.contract.image_settings import ImageSettings
from engine.contract.measurements import ImageBytes
from engine.contract.progress import Progress
from engine.datasets.cache.decoded_image import Decoded
from engine.datasets.cache.decoding_workers import decoding_workers
from engine.datasets.cache.image_writer import WIDENING, ImageWriter
from engine.datasets.cache.ordered_work import in_order
from engine.datasets.cache.stored_images import StoredImages
from engine.datasets.source import Sample
from engine.inspection.run_images import RunImages
from engine.verification.cached_images import CachedRows, cached_rows
from engine.verification.finished_run import SplitImages

BATCH, BATCHES_PER_WORKER = 16, 3


@dataclass
class ReadImages:
    """The images of one dataset under one setting, as they are now."""

    images: StoredImages | None = None
    """Those that files are fed, (n, height, width, channels) uint8 or uint16."""
    row_of: dict[str, int] = field(default_factory=dict)
    """Path → row of `images`."""
    cached: CachedRows | None = None
    """The decoded images that the run kept, for those that are gone."""
    label_of: dict[str, str] = field(default_factory=dict)
    """Path → class, as the images lie now."""
    group_of: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)
    """Path → why."""
    changed: list[str] = field(default_factory=list)
    """Other pixels than the run read."""
    added: int = 0
    bytes_before: int = 0
    bytes_after: int = 0
    why: str = ""
    """Why no original could be listed; empty: they could."""

    def has(self, paths: Sequence[str]) -> bool:
        return all(path in self.row_of or (self.cached and path in self.cached.row_of) for path in paths)

    def from_cache(self, paths: Sequence[str]) -> int:
        """How many of them are read from decoded images that were kept, as the originals are gone."""
        return sum(path not in self.row_of for path in paths)

    def pixels(self, paths: Sequence[str], largest_value: int) -> np.ndarray:
        """(n, height, width, channels), uint8 or uint16.

        Args:
            largest_value: 65535 where the dataset has images of 16 bits: those of 8 were widened then, also where none
                of 16 is among these.
        """
        images = [self._one(path) for path in paths]
        if largest_value > np.iinfo(np.uint8).max:
            widened = np.uint16(WIDENING)
            images = [one if one.dtype == np.uint16 else one.astype(np.uint16) * widened for one in images]
        return np.stack(images)

    def _one(self, path: str) -> np.ndarray:
        if path in self.row_of:
            assert self.images is not None
            return self.images[self.row_of[path]]
        assert self.cached is not None
        return self.cached.images[self.cached.row_of[path]]


def read_again(
    source: RunImages,
    settings: ImageSettings,
    kept: SplitImages,
    needed: Sequence[str],
    printed: ImageBytes | None,
    folder: Path,
    progress: Progress,
) -> ReadImages:
    """Decode and resize every image of a dataset, and keep those that files are fed.

    Args:
        kept: what the run kept of them.
        needed: paths of those to keep.
        printed: their bytes, as the run printed them.
        folder: where to keep them; the caller removes it.
    """
    found = ReadImages()
    progress.phase("listing the images")
    recorded = set(kept.digest_of or kept.label_of)
    try:
        index = source.index(progress)
        found.label_of = {sample.path: index.classes[sample.label] for sample in index.samples}
        found.group_of = {sample.path: sample.group for sample in index.samples if sample.group}
        # Of a run that kept no digests, those that it left out as duplicates are not known, but count in its bytes.
        samples = tuple(one for one in index.samples if one.path in recorded or not kept.digest_of)
        found.added = len(index.samples) - len(samples)
        _decode(source, settings, samples, kept.digest_of, set(needed), folder, found, progress)
    except (NutshellError, OSError) as error:
        if isinstance(error, NutshellError) and error.exit_code not in (2, 3):
            raise
        found.why = str(error)
    found.missing = [path for path in kept.digest_of or kept.label_of if path not in found.label_of]
    if not found.has(needed):
        progress.phase("looking for the decoded images that the run kept")
        found.cached = cached_rows(source.cache, settings, kept, printed)
    return found


def _decode(
    source: RunImages,
    settings: ImageSettings,
    samples: tuple[Sample, ...],
    digest_of: Mapping[str, str],
    needed: set[str],
    folder: Path,
    found: ReadImages,
    progress: Progress,
) -> None:
    progress.phase("reading the images again")
    shape = (*settings.height_width, 1 if settings.color == "grayscale" else 3)
    file = folder / "images.npy"
    rows: list[str] = []
    with (
        ImageWriter(file, shape) as writer,
        decoding_workers(source.source, settings, len(samples)) as workers,
        closing(
            in_order(
                workers.pool,
                workers.decode,
                (samples[start : start + BATCH] for start in range(0, len(samples), BATCH)),
                workers.count * BATCHES_PER_WORKER,
            )
        ) as batches,
    ):
        done = 0
        for batch in batches:
            for decoded in batch:
                _note(decoded, digest_of, found)
                if decoded.pixels is not None and decoded.sample.path in needed:
                    writer.append(decoded.pixels)
                    rows.append(decoded.sample.path)
            done += len(batch)
            progress.report(done, len(samples))
    if rows:
        found.images = StoredImages(file)
        found.row_of = {path: row for row, path in enumerate(rows)}


def _note(decoded: Decoded, digest_of: Mapping[str, str], found: ReadImages) -> None:
    path = decoded.sample.path
    if decoded.pixels is None or decoded.traits is None:
        if path in digest_of:
            found.unreadable[path] = decoded.reason
        return
    found.bytes_before += decoded.bytes_before
    found.bytes_after += decoded.bytes_after
    if path in digest_of and digest_of[path] != decoded.traits.digest.hex():
        found.changed.append(path)
