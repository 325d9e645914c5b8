"""Scans a dataset for the wizard: counts, skipped files, some images of each class. No Qt."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from engine.chain.target_findings import Witnesses, groups_of_test_images, witnesses_of_classes
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import DataError
from engine.contract.image_settings import ImageSettings
from engine.contract.measurements import SkippedFile
from engine.contract.progress import Progress
from engine.datasets.cache.found_range import find_range
from engine.datasets.files.value_range import ValueRange
from engine.datasets.source import DATASETS, DatasetSource, Sample, SampleIndex, Split
from engine.imaging.thumbnail import thumbnail

IMAGES_PER_CLASS = 4
CLASSES_LOOKED_INTO = 30
"""Of more classes, only so many are decoded for the screen; all are counted."""
MAX_TRIES = 12
PREVIEWED_IMAGES = 8
RANGE_IMAGES = 64
"""Of the training images at most: what the scale of fractions and signed values is guessed from; a run looks at all."""
THUMBNAIL_PIXELS = 96


@dataclass(frozen=True)
class Thumbnail:
    """One image of a class, small."""

    class_name: str
    path: str
    image: np.ndarray
    """(height, width) or (height, width, 3), uint8, at most `THUMBNAIL_PIXELS` per side."""


@dataclass(frozen=True)
class DecodedSample:
    """One original image, to try the image settings on."""

    image: np.ndarray
    """(height, width) or (height, width, 3), uint8 or uint16."""
    file_bytes: int
    source: DatasetSource | None = None
    sample: Sample | None = None
    """Where it came from, to decode it on another scale."""

    def pixels(self, images: ImageSettings) -> np.ndarray:
        """The image on the scale of these settings.

        Raises:
            OSError, ValueError: it cannot be read any more.
        """
        if images.value_range is None or self.source is None or self.sample is None:
            return self.image
        source = self.source
        value_range = ValueRange(*images.value_range, of_all_images=True)
        return type(source)(source.settings, source.seed, source.cache, value_range).decode(self.sample)


@dataclass(frozen=True)
class ScanResult:
    """What the wizard shows of a dataset."""

    settings: DatasetSettings
    classes: tuple[str, ...]
    counts: dict[str, dict[str, int]]
    """split → class → images."""
    skipped: tuple[SkippedFile, ...]
    thumbnails: tuple[Thumbnail, ...]
    samples: tuple[DecodedSample, ...]
    """At most `PREVIEWED_IMAGES`, from as many classes as there are: a photograph takes tens of megabytes."""

    index: SampleIndex
    source: DatasetSource
    """Decodes any of them, on the scale that was found."""

    def images_of(self, class_name: str) -> tuple[Sample, ...]:
        """All images of a class."""
        label = self.classes.index(class_name)
        return tuple(sample for sample in self.index.samples if sample.label == label)

    def image_at(self, path: str) -> Sample | None:
        """The image with this path."""
        return next((sample for sample in self.index.samples if sample.path == path), None)

    def decoded(self, sample: Sample) -> DecodedSample:
        """
        Raises:
            OSError, ValueError: the image cannot be read.
        """
        return DecodedSample(self.source.decode(sample), sample.file_bytes, self.source, sample)

    @cached_property
    def test_groups(self) -> int:
        """Such as patients; 0 where each test image stands alone."""
        return groups_of_test_images(self.index.samples)

    @cached_property
    def test_witnesses(self) -> dict[str, Witnesses]:
        """Class → its test images."""
        return witnesses_of_classes(self.index)

    def images(self, split: Split) -> int:
        return sum(self.counts[split.value].values())


def scan_dataset(settings: DatasetSettings, seed: int, cache: Path, progress: Progress) -> ScanResult:
    """List the dataset and decode a few images of each class.

    Args:
        cache: where an archive is unpacked.

    Raises:
        DataError, RecipeError: it cannot be used; the sentence says what to do.
        Cancelled: out of `progress`.
    """
    # Here it is imported by the worker's thread; the window opens without it.
    from engine.datasets.cache.preparation import scan

    index = scan(settings, seed, progress, cache)
    found = Counter((sample.split, sample.label) for sample in index.samples)
    look = _Look(settings, seed, cache, index, progress)
    samples = look.decode_some()
    return ScanResult(
        settings,
        index.classes,
        {split.value: {name: found[split, label] for label, name in enumerate(index.classes)} for split in Split},
        index.skipped + tuple(look.unreadable),
        tuple(look.thumbnails),
        tuple(samples),
        index,
        look.source,
    )


class _Look:
    """Decodes images of one class after the other and keeps small copies."""

    def __init__(
        self, settings: DatasetSettings, seed: int, cache: Path, index: SampleIndex, progress: Progress
    ) -> None:
        self._index = index
        self._progress = progress
        source = DATASETS[settings.kind](settings, seed, cache)
        training = [sample for sample in index.samples if sample.split is Split.TRAIN]
        found = find_range(source, training[:: len(training) // RANGE_IMAGES + 1])
        self.source = DATASETS[settings.kind](settings, seed, cache, found.used) if found else source
        self.unreadable: list[SkippedFile] = []
        self.thumbnails: list[Thumbnail] = []

    def decode_some(self) -> list[DecodedSample]:
        """Fill `thumbnails`; returns some of the images whole.

        Raises:
            DataError: of one class no image can be read.
        """
        classes = range(min(len(self._index.classes), CLASSES_LOOKED_INTO))
        kept_per_class = -(-PREVIEWED_IMAGES // len(classes))
        return [sample for label in classes for sample in self._look_into(label)[:kept_per_class]][:PREVIEWED_IMAGES]

    def _look_into(self, label: int) -> list[DecodedSample]:
        name = self._index.classes[label]
        members = [sample for sample in self._index.samples if sample.label == label]
        found: list[DecodedSample] = []
        for tried, sample in enumerate(members):
            # Until one is found all are tried: a run too gives a class up only where it can read none of its images.
            if len(found) == IMAGES_PER_CLASS or (found and tried >= MAX_TRIES):
                break
            self._progress.raise_if_cancelled()
            image = self._decode(sample)
            if image is not None:
                found.append(DecodedSample(image, sample.file_bytes, self.source, sample))
                self.thumbnails.append(Thumbnail(name, sample.path, thumbnail(image, THUMBNAIL_PIXELS)))
        if not found:
            last = self.unreadable[-1]
            raise DataError(
                f'No image of the class "{name}" can be read; the last of {len(members)}, {last.path}, {last.reason}. '
                "Replace its files, or leave the class out."
            )
        return found

    def _decode(self, sample: Sample) -> np.ndarray | None:
        try:
            return self.source.decode(sample)
        except (OSError, ValueError) as error:
            self.unreadable.append(SkippedFile(path=sample.path, reason=str(error)))
            return None
