"""What a dataset source is: it lists samples with labels, and decodes one of them. No TensorFlow."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

import numpy as np

from engine.contract.dataset_options import declared_options
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.findings import Finding
from engine.contract.measurements import SkippedFile
from engine.contract.path_need import PathNeed
from engine.contract.progress import UNWATCHED, Progress
from engine.contract.registry import Registry
from engine.contract.repeats import Fold
from engine.datasets.files.value_range import ValueRange, pixels_of


class Split(StrEnum):
    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


SPLIT_NAMES = {
    "train": Split.TRAIN,
    "training": Split.TRAIN,
    "val": Split.VALIDATION,
    "valid": Split.VALIDATION,
    "validation": Split.VALIDATION,
    "test": Split.TEST,
    "testing": Split.TEST,
}
"""What users call the splits, in lower case."""


@dataclass(frozen=True)
class Sample:
    """One image before it is decoded."""

    path: str
    """Where it comes from: a file, "archive.zip/normal/3.png", "cifar-10-batches-py/data_batch_1#17" for a row of an
    array, or "phantom/normal/000012" for one that is drawn."""
    label: int
    """Index into the index's `classes`."""
    split: Split | None = None
    """None where the source has no such split and one must be drawn."""
    stamp: str = ""
    """Changes when the image's content does: size and modification time of a file, for the fingerprint."""
    file_bytes: int = 0
    """Size of the image as it came; for one without a file of its own, of the same pixels as PNG (0 until decoded)."""
    group: str = field(default="", repr=False)
    """What images that must stay on one side of a split have in common; empty: nothing. Never written anywhere."""


@dataclass(frozen=True)
class OutlinedFolder:
    """A folder of a dataset, before anyone has said which class it is."""

    tree: str
    """The recipe's key of the tree that it lies in, such as "path"."""
    parts: tuple[str, ...]
    """Its path below the tree; empty for the tree itself."""
    images: int
    """Directly in it."""


@dataclass(frozen=True)
class SampleIndex:
    """All samples of a source, in a fixed order."""

    classes: tuple[str, ...]
    samples: tuple[Sample, ...]
    skipped: tuple[SkippedFile, ...] = ()
    fingerprint: str = ""
    """SHA-256 over the source's settings and every sample's path, label and stamp."""
    findings: tuple[Finding, ...] = ()
    """What the user is to know of how the images were listed, such as that some are not used."""
    drawn: frozenset[Split] = frozenset()
    """Splits that the source does not have, so that they were drawn from its training images."""
    fold: Fold | None = None
    """Which part is tested on, in a cross-validation."""


class DatasetSource(ABC):
    """One kind of dataset, one file; made for the dataset of one recipe."""

    key: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    path_need: ClassVar[PathNeed] = PathNeed()
    """What `dataset.path`, and a second tree's path, must lead to."""
    decodes_in_processes: ClassVar[bool] = False
    """Whether decoding an image takes so long that handing it to another process and back is worth it; the source is
    made anew there, from its settings."""
    takes_any_folder: ClassVar[bool] = False
    """Whether `recognises` says yes to every folder, so that the others are asked first."""
    draws_images: ClassVar[bool] = False
    """Whether the program makes the images, each anew: those that look alike are no copies then."""
    shared_keys: ClassVar[tuple[str, ...]] = ()
    """Settings of `DatasetSettings` that it understands, as some other sources do, beside `path` and those that every
    source understands. What it alone can be told it declares as `DatasetOptions` of its key."""

    def __init__(
        self, settings: DatasetSettings, seed: int, cache: Path, value_range: ValueRange | None = None
    ) -> None:
        """
        Args:
            cache: the folder in which archives are unpacked, each into one of its own.
            value_range: the one scale of all images; needed to decode those whose type does not say it.
        """
        self.settings = settings
        self.seed = seed
        self.cache = cache
        self.value_range = value_range

    @classmethod
    def special_keys(cls) -> tuple[str, ...]:
        """The settings of `DatasetSettings` that it understands and not every source does."""
        return ("path", *cls.shared_keys) if cls.path_need else cls.shared_keys

    @classmethod
    def more_keys(cls) -> tuple[str, ...]:
        """The keys of a recipe's dataset that it understands, beside `path` and those that every source does."""
        return (*cls.shared_keys, *declared_options(cls.key).model_fields)

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Whether a path that the user dropped on the window is this source's, by a quick look."""
        return False

    @abstractmethod
    def index(self, progress: Progress = UNWATCHED) -> SampleIndex:
        """List the samples without decoding them fully.

        Args:
            progress: called with (done, total) now and then, total 0 where it is not known; what it raises is let out.

        Raises:
            DataError: the path is missing, is not what is needed, holds no images, or leaves a class empty.
        """

    def outline(self, progress: Progress = UNWATCHED) -> Iterator[OutlinedFolder]:
        """The folders that `class_folders` may name, each after the one that it lies in; none where it is not read.

        Raises:
            DataError: as `index`.
        """
        return iter(())

    def decode(self, sample: Sample) -> np.ndarray:
        """The image, shape (height, width) or (height, width, 3), dtype uint8 or uint16, upright (EXIF applied).

        Called by several threads.

        Raises:
            OSError, ValueError: the image cannot be read; the message says why.
        """
        return pixels_of(self.values(sample), self.value_range)

    @abstractmethod
    def values(self, sample: Sample) -> np.ndarray:
        """The same with the values that are stored, of any real type; called by several threads.

        Raises:
            OSError, ValueError: as `decode`.
        """

    def has_own_scale(self, sample: Sample) -> bool:
        """Whether the stored values may be of another type than uint8 and uint16, told without decoding the image.

        Raises:
            OSError, ValueError: as `decode`.
        """
        return False

    def reading(self) -> tuple[str, ...]:
        """What `values` does to an image, in sentences, for whoever feeds a shipped file."""
        return ()


DATASETS: Registry[DatasetSource] = Registry("engine.datasets.sources", DatasetSource, "dataset")


def special_keys() -> frozenset[str]:
    """The settings of `DatasetSettings` that some sources understand and others do not."""
    return frozenset(key for kind in DATASETS for key in DATASETS[kind].special_keys())
