"""Labels in an array: whole numbers, names, or one-hot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.contract.errors import DataError
from engine.datasets.listing.indexing import one_form


@dataclass(frozen=True)
class ReadLabels:
    """One label per image."""

    values: np.ndarray
    """(n,): int64 from 0, or texts."""
    told: str = ""
    """How they were understood, as half of a sentence; empty where they are plain numbers."""

    @property
    def is_named(self) -> bool:
        return self.values.dtype.kind in "UO"


def read_labels(labels: np.ndarray, images: int, of: str) -> ReadLabels:
    """
    Args:
        labels: (n,) or (n, 1) of whole numbers, also as floats, or of texts; or (n, classes) one-hot.
        images: how many there are.
        of: what the array is called in errors.

    Raises:
        DataError: they are no labels, or not one for each image.
    """
    if labels.ndim == 0 or labels.ndim > 2 or len(labels) != images:
        raise _unusable(labels, images, of)
    if labels.ndim == 2 and labels.shape[1] > 1:
        return ReadLabels(_from_one_hot(np.asarray(labels), of), "labels are one-hot, the place of the 1 is the class")
    values = np.array(labels).reshape(-1)
    if values.dtype.kind == "S":
        try:
            values = np.char.decode(values, "utf-8")
        except UnicodeDecodeError:
            raise DataError(f"{of} holds bytes that are not UTF-8 text; save the names as text.") from None
    if values.dtype.kind == "U":
        names = np.array([one_form(name.strip()) for name in values.tolist()], dtype=object)
        if empty := [row for row, name in enumerate(names) if not name]:
            raise DataError(f"{of} has no name in row {empty[0]}; name the class of each image.")
        return ReadLabels(names, "labels are names")
    if values.dtype.kind in "iub":
        return ReadLabels(values.astype(np.int64))
    if values.dtype.kind == "f" and np.isfinite(values).all() and (values == np.rint(values)).all():
        return ReadLabels(values.astype(np.int64))
    raise _unusable(labels, images, of)


def _from_one_hot(labels: np.ndarray, of: str) -> np.ndarray:
    if labels.dtype.kind not in "iubf" or not np.isin(labels, (0, 1)).all():
        raise DataError(f"{of} has {labels.shape[1]} values per image that are not one-hot; give one class per image.")
    ones = (labels == 1).sum(axis=1)
    if rows := np.flatnonzero(ones != 1).tolist():
        raise DataError(
            f"{of} has {labels.shape[1]} labels per image; a network learns only one class per image (row {rows[0]} "
            f"has "
            f"{int(ones[rows[0]])} of them)."
        )
    return labels.argmax(axis=1).astype(np.int64)


def _unusable(labels: np.ndarray, images: int, of: str) -> DataError:
    return DataError(
        f"{of} is {labels.dtype} of shape {labels.shape}; a whole number or a name for each of {images:,} images is "
        "needed."
    )
