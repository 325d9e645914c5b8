"""The predictions of a run's files on its test images, as one `.npz` that any program reads."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.contract.errors import DataError
from engine.store.durable_file import appearing_file

PREDICTIONS_FILE = "predictions.npz"


@dataclass(frozen=True)
class Predictions:
    """What every file of a run says of the same test images."""

    paths: tuple[str, ...]
    """Of each image, as in the run's split.csv."""
    labels: np.ndarray
    """int64 (images,): index into the classes."""
    classes: tuple[str, ...]
    variants: tuple[str, ...]
    """The names of the files."""
    probabilities: np.ndarray
    """float32 (variants, images, classes)."""
    predicted: np.ndarray
    """int64 (variants, images): index into the classes."""

    def place(self, variant: str) -> int:
        """Of a variant among the others.

        Raises:
            KeyError: nothing was kept of it.
        """
        try:
            return self.variants.index(variant)
        except ValueError:
            raise KeyError(variant) from None

    def write(self, path: Path) -> None:
        """Replace the whole file."""
        with appearing_file(path) as temporary, temporary.open("wb") as stream:
            np.savez(
                stream,
                paths=np.asarray(self.paths, dtype=np.str_),
                labels=self.labels.astype(np.int64),
                classes=np.asarray(self.classes, dtype=np.str_),
                variants=np.asarray(self.variants, dtype=np.str_),
                probabilities=self.probabilities.astype(np.float32),
                predicted=self.predicted.astype(np.int64),
            )

    @classmethod
    def read(cls, path: Path) -> Predictions:
        """
        Raises:
            DataError: the file is missing, damaged, or another kind of file.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                found = cls(
                    tuple(arrays["paths"].tolist()),
                    arrays["labels"],
                    tuple(arrays["classes"].tolist()),
                    tuple(arrays["variants"].tolist()),
                    arrays["probabilities"],
                    arrays["predicted"],
                )
        except OSError as error:
            raise DataError(f"{path} cannot be read ({error.strerror or error}); run the recipe again.") from None
        except (ValueError, KeyError, EOFError, zipfile.BadZipFile):
            raise DataError(f"{path} is damaged; run the recipe again, which computes what is missing only.") from None
        shape = (len(found.variants), len(found.paths), len(found.classes))
        if (found.probabilities.shape, found.predicted.shape, found.labels.shape) != (shape, shape[:2], shape[1:2]):
            raise DataError(f"{path} is damaged; run the recipe again, which computes what is missing only.")
        return found
