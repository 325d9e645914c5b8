"""NIfTI volumes, slice by slice: labelled by the folders that they lie in, or by a table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import ClassVar

import numpy as np
from pydantic import Field, field_validator

from engine.contract.dataset_options import DatasetOptions
from engine.contract.path_need import PathNeed
from engine.datasets.files.frames import chosen_frames, frame_name
from engine.datasets.files.nifti_volume import NIFTI_READING, Axis, read_header, read_slice
from engine.datasets.listing.archive import FOLDER_OR_ARCHIVE
from engine.datasets.listing.folder_tree import FoundFiles, ImageFile
from engine.datasets.listing.labelled_files import LabelledFiles
from engine.datasets.source import Sample

SUFFIXES = (".nii", ".nii.gz")
MASK = re.compile(r"[-_](gt|seg|segmentation|mask|labels?)\.nii(\.gz)?$", re.IGNORECASE)
"""How files are named that mark what is where in another one."""
PATIENT = re.compile(r"^(sub-[a-z0-9]+|(?:patient|subject|case|pat|subj)[-_]?\d+)", re.IGNORECASE)
"""How a file or folder of one patient's begins: by BIDS, or as public sets have it."""
LOOKED_AT = 50
"""Files, to tell whether a folder holds NIfTI volumes."""


class NiftiOptions(DatasetOptions):
    """Which slices of a volume are used."""

    key: ClassVar[str] = "nifti_folder"

    axis: Axis = Field(
        "stored",
        title="Slices",
        description="Of a NIfTI volume: as they are stored, which is how the scanner took them, such as short-axis "
        "slices of a heart; axial, from the feet to the head; coronal, from front to back; sagittal, from right to "
        "left. Slices are turned as the file's orientation says.",
        json_schema_extra={"names": {"stored": "as stored"}},
    )
    slices: tuple[float, float] = Field(
        (0.0, 1.0),
        title="Part of the volume",
        description="[from, to] along that axis, 0 to 1, of a NIfTI volume; [0.25, 0.75] takes the middle half, "
        "[0.5, 0.5] the middle slice.",
    )

    @field_validator("slices")
    @classmethod
    def _is_a_part(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not 0 <= value[0] <= value[1] <= 1:
            raise ValueError("two numbers from 0 to 1 are needed, the lower first, such as [0.25, 0.75]")
        return value


class NiftiFolder(LabelledFiles):
    """Slices of one patient stay on one side of the split."""

    key: ClassVar[str] = "nifti_folder"
    title: ClassVar[str] = "Folder of NIfTI volumes"
    summary: ClassVar[str] = (
        "Volumes (.nii, .nii.gz) in class folders, or anywhere with a labels file; each slice is an image, turned as "
        "the header says. Slices of one patient stay together; masks (_gt, _seg, _mask, _label) are left out."
    )
    path_need: ClassVar[PathNeed] = FOLDER_OR_ARCHIVE

    @property
    def options(self) -> NiftiOptions:
        """Which slices are used."""
        return self.settings.own(NiftiOptions)

    @classmethod
    def recognises(cls, path: Path) -> bool:
        return path.is_dir() and any(cls.is_image(file.name) for file in islice(path.rglob("*"), LOOKED_AT))

    @staticmethod
    def is_image(name: str) -> bool:
        return name.lower().endswith(SUFFIXES)

    def values(self, sample: Sample) -> np.ndarray:
        path, place = self._file_and_frame(sample)
        count = read_header(path, self.options.axis).slices
        return read_slice(path, self.options.axis, place % count, place // count)

    def has_own_scale(self, sample: Sample) -> bool:
        return read_header(self._file_and_frame(sample)[0], self.options.axis).has_own_scale

    def reading(self) -> tuple[str, ...]:
        return (f"Slices: {self.options.axis}.", *NIFTI_READING)

    def _samples_of(self, file: ImageFile, label: int, found: FoundFiles) -> Iterator[Sample]:
        """ "volume.nii#1" is the first slice; in a film the slices of the second time come after those of the first."""
        if MASK.search(file.path.name):
            found.skip(file.path, "is a mask by its name, and no image")
            return
        try:
            header = read_header(file.path, self.options.axis)
        except OSError as error:
            found.skip(file.path, str(error))
            return
        stamp, shown = file.stamp, self._shown(file.path)
        size = max(file.file_bytes // (header.slices * header.times), 1)
        patient = self._patient(file.path)
        if header.times > 1:
            found.several[file.path] = header.times
        for time in chosen_frames(header.times, self.frames):
            for place in _part(header.slices, self.options.slices):
                name = frame_name(shown, time * header.slices + place)
                yield replace(Sample(name, label, file.split, stamp, size), group=patient)

    def _patient(self, path: Path) -> str:
        """What the files of one patient have in common: a name as BIDS has it, else the file."""
        for part in reversed(path.parts):
            if match := PATIENT.match(part):
                return match[1].lower()
        return str(path)


def _part(count: int, share: tuple[float, float]) -> list[int]:
    """The slices whose middle lies in the part of the volume; the nearest one where none does."""
    low, high = share
    places = [place for place in range(count) if low <= (place + 0.5) / count <= high]
    return places or [min(int((low + high) / 2 * count), count - 1)]
