"""Looks at a dataset for the wizard: counts, what was skipped, some images of each class. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.contract.errors import DataError
from engine.contract.measurements import SkippedFile
from engine.contract.recipe import DatasetSettings
from engine.datasets.preparation import scan
from engine.datasets.source import DATASETS, Sample, SampleIndex, Split

IMAGES_A_CLASS = 4
MOST_TRIES = 12


@dataclass(frozen=True)
class ClassSample:
    """One decoded image of a class, as it came."""

    class_name: str
    path: str
    image: np.ndarray
    """(height, width) or (height, width, 3), uint8 or uint16."""
    file_bytes: int


@dataclass(frozen=True)
class ScanResult:
    """What the wizard shows of a dataset."""

    settings: DatasetSettings
    classes: tuple[str, ...]
    counts: dict[str, dict[str, int]]
    """split → class → images."""
    skipped: tuple[SkippedFile, ...]
    samples: tuple[ClassSample, ...]

    def images(self, split: Split) -> int:
        return sum(self.counts[split.value].values())


def scan_dataset(settings: DatasetSettings, seed: int, raise_if_stale: Callable[[], None]) -> ScanResult:
    """List the dataset and decode a few images of each class.

    Raises:
        DataError, RecipeError: it cannot be used; the sentence says what to do.
        Cancelled: out of `raise_if_stale`.
    """
    index = scan(settings, seed, lambda done, total: raise_if_stale())
    unreadable: list[SkippedFile] = []
    samples: list[ClassSample] = []
    for label, name in enumerate(index.classes):
        found = _class_samples(settings, seed, index, label, unreadable, raise_if_stale)
        if not found:
            first = next(one for one in reversed(unreadable))
            raise DataError(
                f'No image of the class "{name}" can be read; the last tried, {first.path}, {first.reason}.'
            )
        samples += found
    counts = {
        split.value: {
            name: sum(sample.label == label and sample.split is split for sample in index.samples)
            for label, name in enumerate(index.classes)
        }
        for split in Split
    }
    return ScanResult(settings, index.classes, counts, index.skipped + tuple(unreadable), tuple(samples))


def _class_samples(
    settings: DatasetSettings,
    seed: int,
    index: SampleIndex,
    label: int,
    unreadable: list[SkippedFile],
    raise_if_stale: Callable[[], None],
) -> list[ClassSample]:
    source = DATASETS[settings.kind]()
    found: list[ClassSample] = []
    members: list[Sample] = [sample for sample in index.samples if sample.label == label][:MOST_TRIES]
    for sample in members:
        raise_if_stale()
        try:
            image = source.decode(settings, seed, sample)
        except (OSError, ValueError) as error:
            unreadable.append(SkippedFile(path=sample.path, reason=str(error)))
            continue
        found.append(ClassSample(index.classes[label], sample.path, image, sample.file_bytes))
        if len(found) == IMAGES_A_CLASS:
            break
    return found
