"""The files of the CIFAR archives (Krizhevsky 2009), in their binary and their Python version."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.contract.errors import DataError
from engine.datasets.files.cifar_pickle import array_of, read_cifar_pickle
from engine.datasets.files.printable import printable
from engine.datasets.source import Split

SIDE = 32
PIXEL_BYTES = 3 * SIDE * SIDE


@dataclass(frozen=True)
class Labelling:
    """One of the labels that each image has."""

    key: str
    """In a batch of the Python version."""
    names_key: str
    """In the Python version's file of names."""
    names_file: str
    """Of the binary version: one name per line."""


@dataclass(frozen=True)
class CifarLayout:
    """How the files of one of the datasets are called."""

    title: str
    python_folder: str
    binary_folder: str
    training: tuple[str, ...]
    test: tuple[str, ...]
    """Without the ".bin" of the binary version."""
    names_file: str
    """Of the Python version."""
    labellings: tuple[Labelling, ...]
    """In the order of the bytes that begin a record of the binary version."""

    @property
    def batches(self) -> tuple[str, ...]:
        return self.training + self.test


@dataclass(frozen=True)
class Batch:
    """One file's images."""

    pixels: np.ndarray
    """(n, 3072), uint8: the red, the green and the blue plane of each image, row by row."""
    labels: dict[str, np.ndarray]
    """Key of the labelling → (n,), integers."""

    def image(self, row: int) -> np.ndarray:
        """(32, 32, 3), uint8."""
        return np.ascontiguousarray(self.pixels[row].reshape(3, SIDE, SIDE).transpose(1, 2, 0))


class CifarFiles:
    """The files of one folder; each is read once. Threads may share it."""

    def __init__(self, folder: Path, layout: CifarLayout, is_binary: bool) -> None:
        self._folder = folder
        self._layout = layout
        self._is_binary = is_binary
        self._read: dict[str, Batch] = {}
        self._lock = threading.Lock()

    @classmethod
    def find(cls, root: Path, layout: CifarLayout) -> CifarFiles | None:
        """Those in `root`, or in the archive's own folder in it; the Python version where there are both."""
        for is_binary, own in ((False, layout.python_folder), (True, layout.binary_folder)):
            for folder in (root, root / own):
                files = cls(folder, layout, is_binary)
                if files.present():
                    return files
        return None

    @property
    def name(self) -> str:
        """The folder's own name in the published archive."""
        return self._layout.binary_folder if self._is_binary else self._layout.python_folder

    def present(self) -> list[tuple[str, Split]]:
        """The batches that are there, in order, with their splits."""
        return [
            (batch, Split.TEST if batch in self._layout.test else Split.TRAIN)
            for batch in self._layout.batches
            if self._file(batch).is_file()
        ]

    def missing(self) -> list[Path]:
        """The files that the published archive has and this folder does not."""
        return [file for batch in self._layout.batches if not (file := self._file(batch)).is_file()]

    def stamp(self, batch: str) -> str:
        """Size and time of a batch's file."""
        status = self._file(batch).stat()
        return f"{status.st_size}/{status.st_mtime_ns}"

    def class_names(self, labelling: Labelling) -> list[str] | None:
        """As the archive gives them, None where the file with them is missing.

        Raises:
            DataError: it cannot be read.
        """
        file = self._folder / (labelling.names_file if self._is_binary else self._layout.names_file)
        if not file.is_file():
            return None
        if self._is_binary:
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
            return [printable(line.strip()) for line in lines if line.strip()]
        names = read_cifar_pickle(file).get(labelling.names_key)
        if not isinstance(names, list):
            raise DataError(f"{file} has no list {labelling.names_key}; it is not the one of {self._layout.title}.")
        return [printable(name.decode("utf-8", "replace") if isinstance(name, bytes) else name) for name in names]

    def batch(self, name: str) -> Batch:
        """The images and labels of a batch.

        Raises:
            DataError: its file is damaged, or not of this dataset.
        """
        with self._lock:
            if name not in self._read:
                self._read[name] = self._binary(name) if self._is_binary else self._python(name)
            return self._read[name]

    def _file(self, batch: str) -> Path:
        return self._folder / (f"{batch}.bin" if self._is_binary else batch)

    def _binary(self, name: str) -> Batch:
        file = self._file(name)
        labellings = self._layout.labellings
        record_bytes = len(labellings) + PIXEL_BYTES
        content = np.fromfile(file, np.uint8)
        if not len(content) or len(content) % record_bytes:
            raise DataError(
                f"{file} is cut off or no {self._layout.title} file: it has {len(content):,} bytes, and one image "
                f"takes {record_bytes:,}. Get it again."
            )
        records = content.reshape(-1, record_bytes)
        labels = {labelling.key: records[:, place] for place, labelling in enumerate(labellings)}
        return Batch(records[:, len(labellings) :], labels)

    def _python(self, name: str) -> Batch:
        file = self._file(name)
        content = read_cifar_pickle(file)
        try:
            pixels = array_of(content["data"])
            labels = {one.key: array_of(content[one.key]) for one in self._layout.labellings}
        except (KeyError, ValueError) as error:
            raise DataError(f"{file} is no {self._layout.title} file: {_fault(error)}.") from None
        whole = pixels.dtype == np.uint8 and pixels.ndim == 2 and pixels.shape[1] == PIXEL_BYTES
        if not whole or any(values.shape != pixels.shape[:1] for values in labels.values()):
            raise DataError(f"{file} is no {self._layout.title} file: its arrays have not the sizes of 32×32 images.")
        return Batch(pixels, labels)


def _fault(error: Exception) -> str:
    return f"it has no entry {error}" if isinstance(error, KeyError) else f"it holds {error}"
