"""A whole source of images that reads a .tar without unpacking it: a folder a class, each image from its bytes."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import ClassVar

import numpy as np

from engine.contract.errors import DataError
from engine.contract.path_need import PathNeed
from engine.contract.progress import UNWATCHED, Progress
from engine.datasets.files.frames import frame_name
from engine.datasets.files.image_file import IMAGE_READING, SUFFIXES, has_own_scale, held_images, read_image
from engine.datasets.listing.indexing import chosen_classes, in_natural_order, sample_index
from engine.datasets.source import DatasetSource, Sample, SampleIndex


class TarImages(DatasetSource):
    key: ClassVar[str] = "tar_images"
    title: ClassVar[str] = "Images in a .tar"
    summary: ClassVar[str] = "A .tar with a folder a class, which is read where it lies; each image of a file counts."
    path_need: ClassVar[PathNeed] = PathNeed(suffixes=(".tar",), file_noun="archive")

    def index(self, progress: Progress = UNWATCHED) -> SampleIndex:
        if not self.path_need.takes(self._path):
            raise DataError(f"dataset.path: {self._path} is no .tar; choose one.")
        found = in_natural_order({PurePosixPath(name).parent.name for name in self._members})
        classes = chosen_classes(self.settings, found, "class folder")
        return sample_index(classes, self._samples(classes, progress), self.settings, self.seed)

    def values(self, sample: Sample) -> np.ndarray:
        name, _, number = sample.path.rpartition("#")
        return read_image(self._content(name), int(number) - 1)

    def has_own_scale(self, sample: Sample) -> bool:
        return has_own_scale(self._content(sample.path.rpartition("#")[0]))

    def reading(self) -> tuple[str, ...]:
        return IMAGE_READING

    @property
    def _path(self) -> Path:
        return Path(self.settings.path).expanduser()

    @cached_property
    def _members(self) -> dict[str, tuple[int, int]]:
        """Name of an image → where in the archive its bytes begin, and how many they are."""
        with tarfile.open(self._path, "r:") as archive:
            files = [member for member in archive if member.isfile()]
        return {
            file.name: (file.offset_data, file.size)
            for file in files
            if PurePosixPath(file.name).suffix.lower() in SUFFIXES
        }

    def _content(self, name: str) -> bytes:
        begin, size = self._members[name]
        # Opened for each image, as several threads decode.
        with self._path.open("rb") as archive:
            archive.seek(begin)
            return archive.read(size)

    def _samples(self, classes: tuple[str, ...], progress: Progress) -> Iterator[Sample]:
        stamp = str(self._path.stat().st_mtime_ns)
        for done, (name, (_, size)) in enumerate(self._members.items()):
            progress.report(done, len(self._members))
            count = held_images(self._content(name)).count
            if (folder := PurePosixPath(name).parent.name) in classes:
                for frame in range(count):
                    label = classes.index(folder)
                    yield Sample(frame_name(name, frame), label, stamp=stamp, file_bytes=size // count, group=name)
