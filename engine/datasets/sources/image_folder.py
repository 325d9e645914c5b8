"""Images in folders: one folder per class, or classes drawn over any tree, with or without folders for the splits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from engine.contract.path_need import PathNeed
from engine.datasets.files.frames import Frames
from engine.datasets.files.image_file import IMAGE_READING, has_own_scale, held_images, read_image
from engine.datasets.listing.archive import FOLDER_OR_ARCHIVE
from engine.datasets.listing.folder_tree import FoundFiles, ImageFile, is_image_name
from engine.datasets.listing.labelled_files import LabelledFiles
from engine.datasets.source import Sample


class ImageFolder(LabelledFiles):
    key: ClassVar[str] = "image_folder"
    title: ClassVar[str] = "Folder of images"
    summary: ClassVar[str] = (
        "One folder per class, alone or below train, validation and test folders, or any tree with classes drawn over "
        "its folders; JPEG, PNG, TIFF, BMP, GIF, WebP; also packed as .zip or .tar.gz."
    )
    path_need: ClassVar[PathNeed] = FOLDER_OR_ARCHIVE
    takes_any_folder: ClassVar[bool] = True
    decodes_in_processes: ClassVar[bool] = True
    frames_of_auto: ClassVar[Frames] = "first"

    def values(self, sample: Sample) -> np.ndarray:
        return read_image(*self._file_and_frame(sample))

    def has_own_scale(self, sample: Sample) -> bool:
        return has_own_scale(self._file_and_frame(sample)[0])

    def reading(self) -> tuple[str, ...]:
        return IMAGE_READING

    @staticmethod
    def is_image(name: str) -> bool:
        """Whether a file of such a name may be one of this source's images."""
        return is_image_name(name)

    def _samples_of(self, file: ImageFile, label: int, found: FoundFiles) -> Iterator[Sample]:
        """The images in a file; one that holds none after all is noted in `found`."""
        held = held_images(file.path)
        if held.odd_pages:
            found.odd_pages[file.path] = held.odd_pages
        return self._samples_in(file, label, held.count, found)
