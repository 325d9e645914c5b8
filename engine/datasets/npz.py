"""Arrays in an `.npz` file, named as MedMNIST names them (Yang et al. 2023): train_images, train_labels and so on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from engine.contract.errors import DataError
from engine.contract.path_need import PathNeed
from engine.datasets.data_path import DataPath, open_path
from engine.datasets.indexing import array_and_row, chosen_classes, row_samples, sample_index
from engine.datasets.printable import printable
from engine.datasets.source import DatasetSource, Sample, SampleIndex, Split
from engine.datasets.stored_images import StoredImages

PREFIXES = {Split.TRAIN: "train", Split.VALIDATION: "val", Split.TEST: "test"}
NAME_ARRAYS = ("class_names", "labels")


class Npz(DatasetSource):
    key: ClassVar[str] = "npz"
    title: ClassVar[str] = "NumPy arrays (.npz)"
    summary: ClassVar[str] = (
        "train_images, train_labels and, where there are, val_ and test_ ones, as MedMNIST has them; names from an "
        "array class_names, or from a .json file of the same name beside it."
    )
    path_need: ClassVar[PathNeed] = PathNeed(suffixes=(".npz",), file_noun="NumPy archive")

    @classmethod
    def recognises(cls, path: Path) -> bool:
        return cls.path_need.takes(path)

    def index(self, progress: Callable[[int, int], None] | None = None) -> SampleIndex:
        path = open_path(self.settings.path, "dataset.path", self.path_need, self.cache, progress)
        labels = {split: labels for split in Split if (labels := _labels(path, split)) is not None}
        if Split.TRAIN not in labels:
            found = ", ".join(sorted(file.stem for file in path.folder.glob("*.npy"))) or "nothing"
            raise DataError(f"{path.given} has no array train_images with train_labels; it holds {found}.")
        _refuse_useless_labels(path, labels)
        names = _class_names(path, int(max(values.max() for values in labels.values())) + 1)
        classes = chosen_classes(self.settings, names)
        return sample_index(classes, self._samples(path, labels, names, classes), self.settings, self.seed)

    def decode(self, sample: Sample) -> np.ndarray:
        array, row = array_and_row(sample)
        image = self._stored[array.rpartition("/")[2]][row]
        return image[:, :, 0] if image.ndim == 3 and image.shape[2] == 1 else image

    @cached_property
    def _stored(self) -> dict[str, StoredImages]:
        path = open_path(self.settings.path, "dataset.path", self.path_need, self.cache)
        files = (path.folder / f"{prefix}_images.npy" for prefix in PREFIXES.values())
        return {file.stem: StoredImages(file) for file in files if file.is_file()}

    def _samples(
        self, path: DataPath, labels: dict[Split, np.ndarray], names: list[str], classes: tuple[str, ...]
    ) -> Iterator[Sample]:
        status = path.given.stat()
        stamp = f"{status.st_size}/{status.st_mtime_ns}"
        for split, values in labels.items():
            array = f"{path.given.name}/{PREFIXES[split]}_images"
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
        raise DataError(f"The array {name} in {path.given} cannot be read ({printable(error)}).") from None


def _labels(path: DataPath, split: Split) -> np.ndarray | None:
    """The labels of a split, (n,), with its images checked; None where it has none.

    Raises:
        DataError: images and labels do not fit together, or are not what can be learnt.
    """
    prefix = PREFIXES[split]
    images, labels = _array(path, f"{prefix}_images"), _array(path, f"{prefix}_labels")
    if images is None and labels is None:
        return None
    if images is None or labels is None:
        there, lacking = ("images", "labels") if labels is None else ("labels", "images")
        raise DataError(f"{path.given} has an array {prefix}_{there}, but no {prefix}_{lacking}; add it.")
    of = f"{prefix}_images in {path.given}"
    if images.dtype not in (np.uint8, np.uint16):
        raise DataError(f"{of} is of type {images.dtype}; images are needed as uint8 or uint16.")
    if images.ndim != 3 and not (images.ndim == 4 and images.shape[3] in {1, 3}):
        raise DataError(
            f"{of} has the shape {images.shape}; (images, height, width) or (images, height, width, 3) is needed, "
            "and volumes cannot be used."
        )
    if not images.flags.c_contiguous:
        raise DataError(f"{of} is stored column by column; save it again with numpy.ascontiguousarray.")
    of = f"{prefix}_labels in {path.given}"
    if labels.ndim == 2 and labels.shape[1] > 1:
        raise DataError(f"{of} has {labels.shape[1]} labels an image; a network learns one class an image only.")
    if labels.dtype.kind not in "iub" or labels.shape[:1] != images.shape[:1] or labels.size != len(images):
        raise DataError(
            f"{of} is {labels.dtype} of shape {labels.shape}; a whole number for each of {len(images):,} images is "
            "needed."
        )
    return np.array(labels, dtype=np.int64).reshape(-1) if len(images) else None


def _refuse_useless_labels(path: DataPath, labels: dict[Split, np.ndarray]) -> None:
    """Raises: DataError, where a label can be no class: -1 as an unsigned number would make four billion of them."""
    images = sum(map(len, labels.values()))
    for split, values in labels.items():
        for row in np.flatnonzero((values < 0) | (values >= images))[:1]:
            raise DataError(
                f"{PREFIXES[split]}_labels in {path.given} has the label {values[row]} in row {row}, but only "
                f"{images:,} images to tell apart; labels are whole numbers from 0, one for each class."
            )


def _class_names(path: DataPath, count: int) -> list[str]:
    """From an array of texts, or a JSON file beside the archive, else the numbers.

    Raises:
        DataError: there are names, but not one for each class.
    """
    beside = path.given.with_suffix(".json")
    for name in NAME_ARRAYS:
        values = _array(path, name)
        if values is not None and values.dtype.kind == "U":
            return _checked([printable(value) for value in values.ravel()], count, f"the array {name} in {path.given}")
    return _checked(_json_names(beside), count, str(beside)) if beside.is_file() else [str(n) for n in range(count)]


def _json_names(file: Path) -> list[str]:
    """From a list, or from number → name, which MedMNIST's own tables have below "label"."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        content = content.get("label", content) if isinstance(content, dict) else content
        if isinstance(content, dict):
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
