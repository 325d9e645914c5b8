"""Arrays in an `.npz` file, named as MedMNIST names them (Yang et al. 2023): train_images, train_labels and so on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from engine.contract.errors import DataError
from engine.contract.findings import Finding, Severity
from engine.contract.path_need import PathNeed
from engine.contract.progress import UNWATCHED, Progress
from engine.datasets.cache.stored_images import StoredImages
from engine.datasets.files.printable import printable
from engine.datasets.listing.data_path import DataPath, open_path
from engine.datasets.listing.indexing import array_and_row, chosen_classes, in_natural_order, row_samples, sample_index
from engine.datasets.listing.npz_labels import ReadLabels, read_labels
from engine.datasets.source import DatasetSource, Sample, SampleIndex, Split

ARRAYS = {
    Split.TRAIN: (("train_images", "train_labels"), ("x_train", "y_train")),
    Split.VALIDATION: (("val_images", "val_labels"), ("x_val", "y_val")),
    Split.TEST: (("test_images", "test_labels"), ("x_test", "y_test")),
}
"""Of each split the names of images and labels: MedMNIST's, and those of Keras's examples."""
NAME_ARRAYS = ("class_names", "labels")
CHANNELS = frozenset({1, 3})


@dataclass(frozen=True)
class _SplitArrays:
    """What an archive has for a split."""

    images: str
    """The array's name."""
    channels_first: bool
    labels: ReadLabels


class Npz(DatasetSource):
    key: ClassVar[str] = "npz"
    title: ClassVar[str] = "NumPy arrays (.npz)"
    summary: ClassVar[str] = (
        "train_images, train_labels and, where there are, val_ and test_ ones, as MedMNIST has them (or x_train, "
        "y_train); labels as numbers, names or one-hot; names from an array class_names, or from a .json file of the "
        "same name beside it."
    )
    path_need: ClassVar[PathNeed] = PathNeed(suffixes=(".npz",), file_noun="NumPy archive")

    @classmethod
    def recognises(cls, path: Path) -> bool:
        return cls.path_need.takes(path)

    def index(self, progress: Progress = UNWATCHED) -> SampleIndex:
        path = open_path(self.settings.path, "dataset.path", self.path_need, self.cache, progress)
        splits = {split: found for split in Split if (found := _split_arrays(path, split)) is not None}
        if Split.TRAIN not in splits:
            held = ", ".join(sorted(file.stem for file in path.folder.glob("*.npy"))) or "nothing"
            raise DataError(f"{path.given} has no array train_images with train_labels; it holds {held}.")
        labels, names = _numbered(path, {split: found.labels for split, found in splits.items()})
        names = names or _class_names(path, int(max(values.max() for values in labels.values())) + 1)
        classes = chosen_classes(self.settings, names)
        samples = self._samples(path, splits, labels, names, classes)
        findings = [*path.findings(), *_findings(path, splits)]
        return sample_index(classes, samples, self.settings, self.seed, findings=findings)

    def values(self, sample: Sample) -> np.ndarray:
        array, row = array_and_row(sample)
        images, channels_first = self._stored[array.rpartition("/")[2]]
        image = np.asarray(images[row])
        if channels_first:
            image = np.moveaxis(image, 0, -1)
        return image[:, :, 0] if image.ndim == 3 and image.shape[2] == 1 else image

    def has_own_scale(self, sample: Sample) -> bool:
        images, _ = self._stored[array_and_row(sample)[0].rpartition("/")[2]]
        return not isinstance(images, StoredImages)

    def reading(self) -> tuple[str, ...]:
        return ("Take the row of the array, with colours as its last axis.",)

    @cached_property
    def _stored(self) -> dict[str, tuple[Any, bool]]:
        """Name of an array of images → the array, and whether its channels come first."""
        path = open_path(self.settings.path, "dataset.path", self.path_need, self.cache)
        found = filter(None, (_split_arrays(path, split) for split in Split))
        return {one.images: (_opened_images(path, one.images), one.channels_first) for one in found}

    def _samples(
        self,
        path: DataPath,
        splits: Mapping[Split, _SplitArrays],
        labels: Mapping[Split, np.ndarray],
        names: list[str],
        classes: tuple[str, ...],
    ) -> Iterator[Sample]:
        status = path.given.stat()
        stamp = f"{status.st_size}/{status.st_mtime_ns}"
        for split, values in labels.items():
            array = f"{path.given.name}/{splits[split].images}"
            yield from row_samples(array, values.tolist(), names, classes, split, stamp)


def _array(path: DataPath, name: str) -> Any:
    """The array of that name, memory-mapped; None where there is none.

    Raises:
        DataError: it holds Python objects, which could run anything, or is damaged.
    """
    file = path.folder / f"{name}.npy"
    if not file.is_file():
        return None
    try:
        return np.load(file, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"The array {name} in {path.given} cannot be read ({printable(error)}); save numbers, or names as text."
        ) from None


def _opened_images(path: DataPath, name: str) -> Any:
    """Those of eight and sixteen bits a row at a time; a memory map of the others."""
    array = _array(path, name)
    return StoredImages(path.folder / f"{name}.npy") if array.dtype in (np.uint8, np.uint16) else array


def _split_arrays(path: DataPath, split: Split) -> _SplitArrays | None:
    """The arrays of a split, checked; None where there are none, or they are empty.

    Raises:
        DataError: images and labels do not fit together, or are not what can be learnt.
    """
    for images_name, labels_name in ARRAYS[split]:
        images, labels = _array(path, images_name), _array(path, labels_name)
        if images is None and labels is None:
            continue
        if images is None or labels is None:
            there, lacking = (images_name, labels_name) if labels is None else (labels_name, images_name)
            raise DataError(f"{path.given} has an array {there}, but no {lacking}; add it.")
        channels_first = _channels_first(images, f"{images_name} in {path.given}")
        read = read_labels(labels, len(images), f"{labels_name} in {path.given}")
        return _SplitArrays(images_name, channels_first, read) if len(images) else None
    return None


def _channels_first(images: Any, of: str) -> bool:
    """Whether the colours are the second axis and not the last; the images are checked.

    Raises:
        DataError: they are no images, or both may be.
    """
    if images.dtype.kind not in "uif":
        raise DataError(f"{of} is of type {images.dtype}; images are needed as numbers, such as uint8.")
    last = images.ndim == 4 and images.shape[3] in CHANNELS
    first = images.ndim == 4 and images.shape[1] in CHANNELS
    if last and first and images.shape[1] != 1:
        raise DataError(f"{of} has the shape {images.shape}, whose colours may be first or last; save them last.")
    if images.ndim != 3 and not (last or first):
        raise DataError(
            f"{of} has the shape {images.shape}; (images, height, width) or (images, height, width, 3) is needed, "
            "and volumes cannot be used."
        )
    if not images.flags.c_contiguous:
        raise DataError(f"{of} is stored column by column; save it again with numpy.ascontiguousarray.")
    return first and not last


def _numbered(path: DataPath, labels: Mapping[Split, ReadLabels]) -> tuple[dict[Split, np.ndarray], list[str]]:
    """The labels of all splits as numbers, and the classes' names where they are names.

    Raises:
        DataError: one split has names and another numbers; or a number can be no class.
    """
    named = [split for split, read in labels.items() if read.is_named]
    if named and len(named) < len(labels):
        raise DataError(f"{path.given} has names as labels in {named[0]} and numbers elsewhere; use one of them.")
    if named:
        names = in_natural_order({name for read in labels.values() for name in read.values.tolist()})
        places = {name: place for place, name in enumerate(names)}
        return {
            split: np.array([places[name] for name in read.values.tolist()]) for split, read in labels.items()
        }, names
    numbers = {split: read.values for split, read in labels.items()}
    _refuse_useless_labels(path, numbers)
    return numbers, []


def _refuse_useless_labels(path: DataPath, labels: dict[Split, np.ndarray]) -> None:
    """Raises: DataError, where a label can be no class: -1 as an unsigned number would make four billion of them."""
    images = sum(map(len, labels.values()))
    for split, values in labels.items():
        for row in np.flatnonzero((values < 0) | (values >= images))[:1]:
            raise DataError(
                f"The {split} labels in {path.given} hold {values[row]} in row {row}, but there are only {images:,} "
                "images to tell apart; labels are whole numbers from 0, one for each class."
            )


def _findings(path: DataPath, splits: Mapping[Split, _SplitArrays]) -> list[Finding]:
    """How the arrays were understood, where there was something to understand."""
    told = dict.fromkeys(read.labels.told for read in splits.values() if read.labels.told)
    if any(one.channels_first for one in splits.values()):
        told["the second axis of the images is taken for their colours"] = None
    if not told:
        return []
    message = f"In {path.given.name}, {'; '.join(told)}."
    return [Finding(severity=Severity.NOTE, where="dataset.path", message=message)]


def _class_names(path: DataPath, count: int) -> list[str]:
    """From an array of texts, or a JSON file beside the archive, else the numbers.

    Raises:
        DataError: there are names, but not one for each class.
    """
    beside = path.given.with_suffix(".json")
    for name in NAME_ARRAYS:
        values = _array(path, name)
        if values is not None and values.dtype.kind == "S" and name == NAME_ARRAYS[0]:
            values = np.char.decode(values, "utf-8", "replace")
        if values is not None and values.dtype.kind == "U":
            return _checked([printable(value) for value in values.ravel()], count, f"the array {name} in {path.given}")
    return _checked(_json_names(beside), count, str(beside)) if beside.is_file() else [str(n) for n in range(count)]


def _json_names(file: Path) -> list[str]:
    """From a list, or from number → name, which MedMNIST's own tables have below "label"."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        content = content.get("label", content) if isinstance(content, dict) else content
        if isinstance(content, dict):
            numbers = sorted(map(int, content))
            if numbers != list(range(len(numbers))):
                raise ValueError(f"its numbers are {numbers[:5]} and not 0, 1, 2 and so on")
            content = [content[number] for number in sorted(content, key=int)]
        if not isinstance(content, list):
            raise TypeError(f"it holds {content!r}")
        return [printable(name) for name in content]
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise DataError(
            f'{file} does not name the classes ({printable(error)}); a list of names, or {{"0": "name", ...}}, is '
            "needed."
        ) from None


def _checked(names: list[str], count: int, where: str) -> list[str]:
    if len(names) < count or len(set(names)) < len(names):
        raise DataError(f"{where} has {len(set(names))} names for {count} classes; one for each is needed.")
    return names
