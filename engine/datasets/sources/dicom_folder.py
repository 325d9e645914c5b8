"""DICOM files: labelled by the folders that they lie in, or by a table; a frame of a file is an image of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import ClassVar

import numpy as np

from engine.contract.findings import Finding, Severity
from engine.contract.path_need import PathNeed
from engine.datasets.files.dicom_image import DICOM_READING, READING_BY_RANGE, read_dicom, read_header
from engine.datasets.files.frames import file_and_frame
from engine.datasets.listing.folder_tree import FoundFiles, ImageFile
from engine.datasets.listing.grouping import PATIENT
from engine.datasets.listing.labelled_files import LabelledFiles
from engine.datasets.source import Sample

LOOKED_AT = 20
"""Files, to tell whether a folder holds DICOM files."""


class DicomFolder(LabelledFiles):
    """Files may have any name. An archive is not taken: unpacked, it would put patients' data into the cache."""

    key: ClassVar[str] = "dicom_folder"
    title: ClassVar[str] = "Folder of DICOM files"
    summary: ClassVar[str] = (
        "DICOM files in class folders, or anywhere with a labels file; rescaled and windowed as they say, a frame an "
        "image. Nothing of a patient but the files' own names is written anywhere."
    )
    path_need: ClassVar[PathNeed] = PathNeed(folder=True)

    @classmethod
    def recognises(cls, path: Path) -> bool:
        return path.is_dir() and any(map(_is_dicom, islice(filter(Path.is_file, path.rglob("*")), LOOKED_AT)))

    def decode(self, sample: Sample) -> np.ndarray:
        """`images.value_range` stands in for the file's own window, so it is for `values` to use."""
        return self.values(sample)

    def values(self, sample: Sample) -> np.ndarray:
        path, frame = file_and_frame(Path(sample.path))
        given = self.value_range if self.value_range and self.value_range.of_all_images else None
        return read_dicom(path, frame, (given.low, given.high) if given else None)

    @cached_property
    def _rescalings(self) -> set[str]:
        """Slope and intercept of the files that have no window."""
        return set()

    def _findings(self, found: FoundFiles) -> list[Finding]:
        findings = super()._findings(found)
        if len(self._rescalings) > 1 and self.value_range is None:
            some = "; ".join(sorted(self._rescalings)[:2])
            message = (
                f"The files have {len(self._rescalings)} rescalings (slope, intercept: {some}) and no window, so that "
                "the stored range of each is spread by itself: the same value is not equally bright in all of them. "
                "Set images.value_range, which holds for all."
            )
            findings.append(Finding(severity=Severity.WARNING, where="images.value_range", message=message))
        return findings

    def reading(self) -> tuple[str, ...]:
        return READING_BY_RANGE if self.value_range and self.value_range.of_all_images else DICOM_READING

    @staticmethod
    def is_image(name: str) -> bool:
        """Scanners give their files any names; only the content tells."""
        return True

    def _samples_of(self, file: ImageFile, label: int, found: FoundFiles) -> Iterator[Sample]:
        """One sample, or one a frame, "file.dcm#1" being the first; frames of one file stay together."""
        by_patient = self.settings.group_by == PATIENT
        try:
            header = read_header(file.path, patient_salt=str(self.seed) if by_patient else None)
        except OSError as error:
            found.skip(file.path, str(error))
            return
        if header.rescaling:
            self._rescalings.add(header.rescaling)
        for sample in self._samples_in(file, label, header.frames, found):
            yield replace(sample, group=header.patient) if header.patient else sample


def _is_dicom(path: Path) -> bool:
    """By its header, as a file without a preamble has no mark."""
    try:
        read_header(path)
    except OSError:
        return False
    return True
