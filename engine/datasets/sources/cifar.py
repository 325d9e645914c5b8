"""What the two CIFAR sources have in common: they differ in their files' names and in their labels."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np

from engine.contract.errors import DataError
from engine.contract.measurements import SkippedFile
from engine.contract.path_need import PathNeed
from engine.contract.progress import UNWATCHED, Progress
from engine.datasets.listing.archive import FOLDER_OR_ARCHIVE
from engine.datasets.listing.cifar_files import CifarFiles, CifarLayout, Labelling
from engine.datasets.listing.data_path import DataPath, open_path
from engine.datasets.listing.indexing import array_and_row, chosen_classes, row_samples, sample_index
from engine.datasets.source import DatasetSource, Sample, SampleIndex


class CifarSource(DatasetSource):
    """A CIFAR dataset as it was published, unpacked or packed, with its own training and test images."""

    path_need: ClassVar[PathNeed] = FOLDER_OR_ARCHIVE
    layout: ClassVar[CifarLayout]

    @classmethod
    def recognises(cls, path: Path) -> bool:
        if path.is_dir():
            return CifarFiles.find(path, cls.layout) is not None
        named = re.match(rf"{cls.layout.title.lower()}(?!\d)", path.name.lower())
        return cls.path_need.takes(path) and named is not None

    def labelling(self) -> Labelling:
        """The one of the labels that is learnt."""
        return self.layout.labellings[0]

    def index(self, progress: Progress = UNWATCHED) -> SampleIndex:
        path = self._path(progress)
        files = self._files(path)
        names = self._class_names(files)
        classes = chosen_classes(self.settings, names)
        skipped = [SkippedFile(path=str(file), reason="is missing") for file in files.missing()]
        samples = self._samples(files, names, classes, progress)
        return sample_index(classes, samples, self.settings, self.seed, skipped, path.findings())

    def values(self, sample: Sample) -> np.ndarray:
        array, row = array_and_row(sample)
        return self._opened.batch(array.rpartition("/")[2]).image(row)

    @cached_property
    def _opened(self) -> CifarFiles:
        return self._files(self._path(UNWATCHED))

    def _path(self, progress: Progress) -> DataPath:
        return open_path(self.settings.path, "dataset.path", self.path_need, self.cache, progress)

    def _files(self, path: DataPath) -> CifarFiles:
        files = CifarFiles.find(path.folder, self.layout)
        if files is None:
            first = self.layout.training[0]
            raise DataError(
                f"There are no {self.layout.title} files in {path.given}; choose the folder that holds {first} or "
                f"{first}.bin, or the archive as it was published."
            )
        return files

    def _class_names(self, files: CifarFiles) -> list[str]:
        labelling = self.labelling()
        if names := files.class_names(labelling):
            return names
        highest = max(int(files.batch(batch).labels[labelling.key].max()) for batch, _ in files.present())
        return [str(number) for number in range(highest + 1)]

    def _samples(
        self,
        files: CifarFiles,
        names: list[str],
        classes: tuple[str, ...],
        progress: Progress,
    ) -> Iterator[Sample]:
        done = 0
        for batch, split in files.present():
            labels = files.batch(batch).labels[self.labelling().key].tolist()
            yield from row_samples(f"{files.name}/{batch}", labels, names, classes, split, files.stamp(batch))
            done += len(labels)
            progress.report(done, 0)
