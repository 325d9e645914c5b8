"""What a dataset source is: it lists samples with labels, and decodes one of them. No TensorFlow."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

import numpy as np

from engine.contract.measurements import SkippedFile
from engine.contract.recipe import DatasetSettings
from engine.contract.registry import Registry


class Split(StrEnum):
    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True)
class Sample:
    """One image before it is decoded."""

    path: str
    """Where it comes from: a file, or "phantom/normal/000012" for one that is drawn."""
    label: int
    """Index into the index's `classes`."""
    split: Split | None = None
    """None where the source has no such split and one must be drawn."""
    stamp: str = ""
    """Changes when the image's content does: size and modification time of a file, for the fingerprint."""
    file_bytes: int = 0
    """Size of the image as it came; for a drawn one, of the same pixels as PNG (0 until decoded)."""


@dataclass(frozen=True)
class SampleIndex:
    """All samples of a source, in a fixed order."""

    classes: tuple[str, ...]
    samples: tuple[Sample, ...]
    skipped: tuple[SkippedFile, ...] = ()
    fingerprint: str = ""
    """SHA-256 over the source's settings and every sample's path, label and stamp."""
    drawn: frozenset[Split] = frozenset()
    """Splits that the source does not have, so that they were drawn from its training images."""


class DatasetSource(ABC):
    """One kind of dataset, one file."""

    key: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]

    @abstractmethod
    def index(
        self, settings: DatasetSettings, seed: int, progress: Callable[[int, int], None] | None = None
    ) -> SampleIndex:
        """List the samples without decoding them fully.

        Args:
            progress: called with (done, total) now and then.

        Raises:
            DataError: the path is missing, is no folder, holds no images, or leaves a class empty.
        """

    @abstractmethod
    def decode(self, settings: DatasetSettings, seed: int, sample: Sample) -> np.ndarray:
        """The image, shape (height, width) or (height, width, 3), dtype uint8 or uint16, upright (EXIF applied).

        Raises:
            OSError, ValueError: the image cannot be read; the message says why.
        """


DATASETS: Registry[DatasetSource] = Registry("engine.datasets", DatasetSource, "dataset")
