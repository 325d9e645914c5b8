"""DICOM files: labelled by the folders that they lie in, or by a table; a frame of a file is an image of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import ClassVar

import numpy as np

from engine.contract.errors import DataError
from engine.contract.measurements import SkippedFile
from engine.contract.path_need import PathNeed
from engine.datasets.dicom_image import read_dicom, read_header
from engine.datasets.folder_tree import TOLD_EVERY, FoundFiles, ImageFile
from engine.datasets.grouping import PATIENT, relative_name
from engine.datasets.image_folder import ImageFolder, walked_parts
from engine.datasets.indexing import chosen_classes, in_natural_order, sample_index
from engine.datasets.labels_csv import LabelTable, read_labels_csv
from engine.datasets.source import Sample, SampleIndex

PREAMBLE_BYTES = 128
MARK = b"DICM"
LOOKED_AT = 20
"""Files, to tell whether a folder holds DICOM files."""


class DicomFolder(ImageFolder):
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
        return path.is_dir() and any(map(_has_mark, islice((file for file in path.rglob("*")), LOOKED_AT)))

    def index(self, progress: Callable[[int, int], None] | None = None) -> SampleIndex:
        table = read_labels_csv(self.settings.labels_csv) if self.settings.labels_csv else None
        if table is None or "label" not in table.columns:
            return super().index(progress)
        return self._index_by(table, progress)

    def decode(self, sample: Sample) -> np.ndarray:
        path, _, number = sample.path.rpartition("#")
        if path and number.isdigit() and not Path(sample.path).exists():
            return read_dicom(Path(path), int(number) - 1)
        return read_dicom(Path(sample.path))

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
        stamp = f"{file.file_bytes}/{file.modified_ns}"
        together = header.patient or (str(file.path) if header.frames > 1 else "")
        for frame in range(1, header.frames + 1):
            path = f"{file.path}#{frame}" if header.frames > 1 else str(file.path)
            yield Sample(path, label, file.split, stamp, file.file_bytes // header.frames, together)

    def _index_by(self, table: LabelTable, progress: Callable[[int, int], None] | None) -> SampleIndex:
        """Every file that the table has a label for, wherever it lies."""
        found = FoundFiles(_Anywhere(), progress, self.is_image)
        for folder, split, tree in walked_parts(self._open_trees(progress)):
            found.walk(folder, split, base=tree)
        samples: list[Sample] = []
        for done, file in enumerate(found.files.values()):
            if progress and done % TOLD_EVERY == 0:
                progress(done, len(found.files))
            samples += self._samples_of(file, 0, found)
        named: list[tuple[Sample, str]] = []
        listed: set[str] = set()
        rows = table.rows_of([(relative_name(sample.path, self.settings), sample.path) for sample in samples])
        for sample, row in zip(samples, rows, strict=True):
            if row is None or not row.label:
                found.skip(Path(sample.path), f"has no label in {table.file.name}")
                continue
            listed.add(row.path)
            named.append((replace(sample, split=row.split or sample.split), row.label))
        if not named:
            raise DataError(
                f"dataset.labels_csv: {table.file} has a label for none of the {len(found.files):,} files in "
                f"{self.settings.path}; its paths must be those of the files below that folder."
            )
        absent = [
            SkippedFile(path=row.path, reason=f"is listed in {table.file.name}, but is no DICOM image in the folder")
            for row in table.rows.values()
            if row.path not in listed
        ]
        classes = chosen_classes(self.settings, in_natural_order({name for _, name in named}), "label")
        if len(classes) < 2:
            raise DataError(
                f"dataset.labels_csv: {table.file} has one label only ({classes[0]}); two are needed at least."
            )
        labels = {name: label for label, name in enumerate(classes)}
        labelled = (replace(sample, label=labels[name]) for sample, name in named if name in labels)
        beside = self._beside(found)
        return sample_index(classes, labelled, self.settings, self.seed, (*found.skipped, *absent), beside)


class _Anywhere:
    """No folder says anything of the class."""

    def class_of(self, folder: tuple[str, ...]) -> str | None:
        return ""


def _has_mark(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            stream.seek(PREAMBLE_BYTES)
            return stream.read(len(MARK)) == MARK
    except OSError:
        return False
