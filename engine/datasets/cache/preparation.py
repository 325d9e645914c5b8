"""From a recipe's dataset to images that can be fed: list, split, decode once into the cache, open it."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.contract.dataset_check import DatasetCheck
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import DataError
from engine.contract.findings import Finding, Severity
from engine.contract.image_settings import ImageSettings
from engine.contract.measurements import DatasetSummary, ImageBytes, ImageFidelity, SkippedFile
from engine.contract.pixel_reading import PixelReading
from engine.contract.progress import UNWATCHED, Progress
from engine.contract.repeats import Fold
from engine.datasets.cache.decoding import DecodedDataset, decode_into
from engine.datasets.cache.found_range import FoundRange, find_range
from engine.datasets.cache.image_cache import (
    INDEX_FILE,
    CachedImages,
    CacheIndex,
    damage,
    open_cache,
    put_aside,
    write_check,
    write_index,
)
from engine.datasets.cache.prepared import PreparedDataset
from engine.datasets.cache.same_pixels import pixels_key, shaping, take_pixels, write_pixels_key
from engine.datasets.cache.splits import drawn_again_where_lost, with_splits
from engine.datasets.checks.dataset_findings import dataset_findings
from engine.datasets.checks.image_checks import CheckedSample, check_dataset
from engine.datasets.files.value_range import ValueRange
from engine.datasets.listing.grouping import group_findings, with_groups
from engine.datasets.source import DATASETS, DatasetSource, Sample, SampleIndex, Split
from engine.imaging.fidelity import jpeg_fidelity, resize_fidelity
from engine.store.durable_file import appearing_folder
from engine.store.locations import Locations, default_runs_directory
from engine.store.use_marks import mark_used

DECODING_VERSION = 4
"""Raised when the same files and settings would be decoded to other pixels, sizes or hashes."""

COMPARED_IMAGES = 32
"""Drawn by the seed; PSNR and SSIM of all would take as long as decoding them."""
FIDELITY_STREAM = 0xF1DE


def scan(
    settings: DatasetSettings,
    seed: int,
    progress: Progress = UNWATCHED,
    cache: Path | None = None,
    fold: Fold | None = None,
) -> SampleIndex:
    """All samples of a dataset with their splits; nothing is decoded.

    Args:
        fold: whose images are tested on, in a cross-validation.
        cache: where an archive is unpacked; by default in the user's own runs directory.

    Raises:
        DataError, RecipeError: the settings name no usable images.
    """
    source = DATASETS[settings.kind](settings, seed, cache or Locations(default_runs_directory()).image_cache)
    try:
        index = source.index(progress)
    except OSError as error:
        message = f"The images cannot be listed: {error.strerror} ({error.filename}); check its permissions."
        raise DataError(message) from None
    index = with_splits(with_groups(index, settings), settings, seed, fold)
    if settings.duplicates == "keep":
        return index
    near = settings.drop_near_duplicates and settings.near_duplicate_bits
    leaving_out = [index.fingerprint, settings.duplicates, near]
    return replace(index, fingerprint=hashlib.sha256(json.dumps(leaving_out).encode()).hexdigest())


def dataset_fingerprint(index: SampleIndex, images: ImageSettings, seed: int) -> str:
    """SHA-256 over all that the prepared images and their split depend on; known before anything is decoded."""
    parts = [DECODING_VERSION, index.fingerprint, shaping(images), seed]
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode())
    for sample in index.samples:
        digest.update(f"{sample.split}\n".encode())
    return digest.hexdigest()


def prepare(
    index: SampleIndex,
    dataset: DatasetSettings,
    images: ImageSettings,
    seed: int,
    cache: Path,
    progress: Progress = UNWATCHED,
) -> PreparedDataset:
    """The dataset of `index` (from `scan`) as images on disk; decoded only where the cache has none.

    Raises:
        DataError: no image of a class or of a split can be read, or the cache cannot be written.
        Cancelled: out of `progress`; nothing is left behind then.
    """
    fingerprint = dataset_fingerprint(index, images, seed)
    folder = cache / fingerprint
    _mark_used(folder)
    damaged = _damaged(folder)
    cached = open_cache(folder)
    found = cached is not None
    if cached is None:
        value_range, found_range = scale_of(dataset, index, images, seed, cache, progress)
        source = DATASETS[dataset.kind](dataset, seed, cache, value_range)
        try:
            # Fidelity aside: one core waits while the workers start.
            with ThreadPoolExecutor(1) as aside, appearing_folder(folder) as temporary:
                fidelity = aside.submit(_fidelity, source, images, seed, index.samples)
                key = pixels_key(index, images, DECODING_VERSION)
                there = take_pixels(temporary, cache, key, index) if found_range is None else None
                decoded = there or decode_into(temporary, source, images, index.samples, progress)
                stored, check = _cache_index(index, decoded, dataset, seed, progress)
                kept = stored.model_copy(update={**fidelity.result(), "found_range": found_range})
                write_index(temporary, kept, decoded.traits, check)
                if found_range is None:
                    write_pixels_key(temporary, key)
        except OSError as error:  # Of the cache: an image that cannot be read is no error.
            raise DataError(_unwritable(cache, error)) from None
        cached = open_cache(folder)
    if cached is None:
        raise DataError(f"The image cache {folder} cannot be read back; check the disk, or choose another folder.")
    if cached.check.near_duplicate_bits != dataset.near_duplicate_bits:
        cached = _checked_again(cached, dataset, folder, progress)
    of_range = [] if cached.index.found_range is None else [cached.index.found_range.finding()]
    findings = (*damaged, *index.findings, *of_range, *group_findings(index.samples, dataset))
    return _prepared(cached, findings, dataset, images, fingerprint, found)


def scale_of(
    dataset: DatasetSettings,
    index: SampleIndex,
    images: ImageSettings,
    seed: int,
    cache: Path,
    progress: Progress = UNWATCHED,
) -> tuple[ValueRange | None, FoundRange | None]:
    """The one scale of all images: the recipe's, else that of the training images whose type does not say it."""
    if images.value_range is not None:
        return ValueRange(*images.value_range, of_all_images=True), None
    found = find_range(DATASETS[dataset.kind](dataset, seed, cache), index.samples, progress)
    return (found.used if found else None), found


def _mark_used(folder: Path) -> None:
    """So that no other process clears it while this one reads it."""
    try:
        mark_used(folder, Locations(folder.parent.parent).locks)
    except OSError as error:
        raise DataError(_unwritable(folder.parent, error)) from None


def _unwritable(cache: Path, error: OSError) -> str:
    return (
        f"The image cache {cache} cannot be written ({error.strerror}); free some space there, or choose another runs "
        "directory."
    )


def _damaged(folder: Path) -> list[Finding]:
    """Put a damaged cache aside; returns the finding about it."""
    file = damage(folder)
    if not file and folder.exists() and open_cache(folder) is None:
        file = INDEX_FILE  # Of another version of the program.
    if not file:
        return []
    message = f"{file} of the image cache is damaged, so the images are decoded again; see {put_aside(folder)}."
    return [Finding(severity=Severity.WARNING, where="dataset", message=message)]


def _checked_again(cached: CachedImages, dataset: DatasetSettings, folder: Path, progress: Progress) -> CachedImages:
    """The cache with near duplicates by another distance than that of the run that decoded it."""
    stored = cached.index
    samples = [CheckedSample(*row) for row in zip(stored.paths, stored.labels, stored.splits, strict=True)]
    check = check_dataset(samples, cached.traits, stored.classes, dataset, progress).check
    write_check(folder, check)
    return replace(cached, check=check)


def _cache_index(
    index: SampleIndex,
    decoded: DecodedDataset,
    dataset: DatasetSettings,
    seed: int,
    progress: Progress,
) -> tuple[CacheIndex, DatasetCheck]:
    """What goes with the decoded images.

    Raises:
        DataError: there is nothing readable to train a class on, or nothing in a split.
    """
    samples = drawn_again_where_lost(decoded.samples, index.classes, index.drawn, dataset, seed, index.fold)
    rows = [CheckedSample(sample.path, sample.label, sample.split or Split.TRAIN) for sample in samples]
    checked = check_dataset(rows, decoded.traits, index.classes, dataset, progress)
    used = [row for row, left_out in zip(rows, checked.left_out, strict=True) if not left_out]
    usable = Counter(row.label for row in used if row.split is Split.TRAIN)
    for label, name in enumerate(index.classes):
        if not usable[label]:
            listed = sum(sample.label == label for sample in index.samples)
            why = _example(decoded, label) + _after_duplicates(checked.check)
            raise DataError(
                f'The class "{name}" has no readable image to train on (of {listed} files){why}. '
                "Add images, or leave the class out with dataset.classes."
            )
    for split in Split:
        if all(row.split is not split for row in used):
            why = _example(decoded) + _after_duplicates(checked.check)
            raise DataError(f"There is no readable {split} image{why}. Add images to that split.")
    unreadable = tuple(SkippedFile(path=one.sample.path, reason=one.reason) for one in decoded.unreadable)
    stored = CacheIndex(
        classes=index.classes,
        labels=tuple(row.label for row in rows),
        splits=tuple(row.split for row in rows),
        paths=tuple(row.path for row in rows),
        skipped=index.skipped + unreadable,
        bytes_before=decoded.bytes_before,
        bytes_after=decoded.bytes_after,
        left_out=tuple(int(row) for row in np.flatnonzero(checked.left_out)),
    )
    return stored, checked.check


def _after_duplicates(check: DatasetCheck) -> str:
    return f", after {check.left_out:,} duplicates were left out" if check.left_out else ""


def _fidelity(
    source: DatasetSource, images: ImageSettings, seed: int, samples: tuple[Sample, ...]
) -> dict[str, ImageFidelity | None]:
    """How similar some of the readable images stay after resizing and re-saving; they are decoded again."""
    found: dict[int, np.ndarray] = {}
    for place in np.random.default_rng((seed, FIDELITY_STREAM)).permutation(len(samples))[: 4 * COMPARED_IMAGES]:
        if len(found) == COMPARED_IMAGES:
            break
        with contextlib.suppress(OSError, ValueError):
            found[int(place)] = source.decode(samples[place])
    originals = [found[place] for place in sorted(found)]
    return {
        "resize_fidelity": resize_fidelity(originals, images),
        "jpeg_fidelity": jpeg_fidelity(originals, images),
    }


def _example(decoded: DecodedDataset, label: int | None = None) -> str:
    first = next((one for one in decoded.unreadable if label in (None, one.sample.label)), None)
    return f"; the first, {Path(first.sample.path).name}, {first.reason}" if first else ""


def _prepared(
    cached: CachedImages,
    findings: tuple[Finding, ...],
    dataset: DatasetSettings,
    images: ImageSettings,
    fingerprint: str,
    found: bool,
) -> PreparedDataset:
    stored = cached.index
    labels = np.asarray(stored.labels, dtype=np.int64)
    names = np.asarray(stored.splits, dtype=str)
    names[list(stored.left_out)] = ""
    splits = {split: np.flatnonzero(names == split.value) for split in Split}
    counts = {
        split.value: {name: int((labels[rows] == label).sum()) for label, name in enumerate(stored.classes)}
        for split, rows in splits.items()
    }
    before, after = stored.bytes_before, stored.bytes_after
    value_range = ValueRange(*images.value_range, of_all_images=True) if images.value_range else None
    ours = images.value_range or (stored.found_range and (stored.found_range.used.low, stored.found_range.used.high))
    reading = PixelReading(
        source=dataset.kind,
        steps=DATASETS[dataset.kind](dataset, 0, Path(), value_range).reading(),
        value_range=ours,
        value_range_of="all" if images.value_range else "on a scale of their own" if ours else "",
        depths=tuple(sorted({one.bits for one in cached.traits})),
    )
    return PreparedDataset(
        classes=stored.classes,
        images=cached.images,
        labels=labels,
        splits=splits,
        paths=stored.paths,
        summary=DatasetSummary(
            classes=stored.classes,
            train=len(splits[Split.TRAIN]),
            validation=len(splits[Split.VALIDATION]),
            test=len(splits[Split.TEST]),
            skipped=stored.skipped,
            counts=counts,
            left_out=len(stored.left_out),
            findings=(*findings, *dataset_findings(cached.check, counts, dataset, images)),
        ),
        check=cached.check,
        image_bytes=ImageBytes(
            bytes_before=before,
            bytes_after=after,
            compression_ratio=before / after,
            space_gain=1 - after / before,
            resize_fidelity=stored.resize_fidelity,
            jpeg_fidelity=stored.jpeg_fidelity,
        ),
        reading=reading,
        fingerprint=fingerprint,
        cached=found,
        pixel_digests=tuple(one.digest.hex() for one in cached.traits),
    )
