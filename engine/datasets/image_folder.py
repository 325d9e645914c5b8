"""Images in folders: one folder a class, with or without train, validation and test folders above them."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from engine.contract.errors import DataError
from engine.contract.recipe import DatasetSettings
from engine.contract.registry import unknown_name_message
from engine.datasets.folder_tree import FoundFiles, ImageFile, folders
from engine.datasets.image_file import read_image
from engine.datasets.source import DatasetSource, Sample, SampleIndex, Split

SPLIT_NAMES = {
    "train": Split.TRAIN,
    "training": Split.TRAIN,
    "val": Split.VALIDATION,
    "valid": Split.VALIDATION,
    "validation": Split.VALIDATION,
    "test": Split.TEST,
    "testing": Split.TEST,
}
LAYOUT = "put each class into a folder of its own: FOLDER/class/image.png, or FOLDER/train/class/image.png"


class ImageFolder(DatasetSource):
    key: ClassVar[str] = "image_folder"
    title: ClassVar[str] = "Folder of images"
    summary: ClassVar[str] = (
        "A folder a class, or train, validation and test folders with a folder a class each; JPEG, PNG, TIFF, BMP."
    )

    def index(
        self, settings: DatasetSettings, seed: int, progress: Callable[[int, int], None] | None = None
    ) -> SampleIndex:
        found = FoundFiles(progress)
        root = _folder(settings.path, "dataset.path")
        if splits := _split_folders(root):
            for split, folder in splits:
                found.walk(folder, split)
        else:
            both = bool(settings.validation_path and settings.test_path)
            found.walk(root, Split.TRAIN if both else None)
        for path, split, where in (
            (settings.validation_path, Split.VALIDATION, "dataset.validation_path"),
            (settings.test_path, Split.TEST, "dataset.test_path"),
        ):
            if path:
                found.walk(_folder(path, where), split)
        classes = _classes(root, settings, found)
        return _index(root, classes, settings, seed, found)

    def decode(self, settings: DatasetSettings, seed: int, sample: Sample) -> np.ndarray:
        return read_image(Path(sample.path))


def _folder(text: str, where: str) -> Path:
    if not text:
        raise DataError(f"{where} is empty; choose the folder with the images.")
    try:
        path = Path(text).expanduser()
        if path.is_file():
            raise DataError(f"{where} {path} is a file; choose the folder that holds a folder a class.")
        is_folder = path.is_dir()
    except (OSError, ValueError, RuntimeError):  # Too long, a character that no path has, or a ~user that is nobody.
        is_folder, path = False, Path(text)
    if not is_folder:
        raise DataError(f"{where}: there is no folder {path}; check the path.")
    if not os.access(path, os.R_OK | os.X_OK):
        raise DataError(f"{where}: the folder {path} may not be read; check its permissions.")
    return path.resolve()


def _split_folders(root: Path) -> list[tuple[Split, Path]]:
    """The train, validation and test folders of a tree, empty where it has none.

    A folder of such a name that holds images and no folders is a class: there are datasets of vehicles with trains.
    """
    named = [
        (SPLIT_NAMES[folder.name.lower()], folder) for folder in folders(root) if folder.name.lower() in SPLIT_NAMES
    ]
    splits = [(split, folder) for split, folder in named if folders(folder)]
    if splits and Split.TRAIN not in {split for split, _ in splits}:
        names = " and ".join(folder.name for _, folder in splits)
        raise DataError(f"{root} has a folder {names}, but no train folder with a folder a class in it; add it.")
    return splits


def _classes(root: Path, settings: DatasetSettings, found: FoundFiles) -> tuple[str, ...]:
    """The classes asked for, else all that were found, sorted."""
    if not found.files:
        if found.without_class:
            raise DataError(f"The images in {root} ({found.without_class}) lie in no class folder; {LAYOUT}.")
        raise DataError(f"There are no images in {root}; {LAYOUT}.")
    for name in settings.classes:
        if name not in found.classes:
            raise DataError(f"dataset.classes: {unknown_name_message('class folder', name, sorted(found.classes))}")
    classes = settings.classes or tuple(sorted(found.classes))
    if len(classes) < 2 <= len(found.classes):
        raise DataError(f"dataset.classes names one class only ({classes[0]}); a classifier needs two at least.")
    if len(classes) < 2:
        raise DataError(f"There is one class only in {root} ({classes[0]}); a classifier needs two: {LAYOUT}.")
    return classes


def _index(
    root: Path, classes: tuple[str, ...], settings: DatasetSettings, seed: int, found: FoundFiles
) -> SampleIndex:
    by_class: dict[str, list[ImageFile]] = defaultdict(list)
    for file in found.files.values():
        by_class[file.class_name].append(file)
    samples: list[Sample] = []
    for label, name in enumerate(classes):
        if not by_class[name]:
            raise DataError(
                f'The class folder "{name}" in {root} holds no images; add some, or leave the class out with '
                "dataset.classes."
            )
        samples += [
            Sample(str(file.path), label, file.split, f"{file.file_bytes}/{file.modified_ns}", file.file_bytes)
            for file in _limited(by_class[name], settings.limit_per_class, seed, label)
        ]
    digest = hashlib.sha256(repr(classes).encode())
    for sample in samples:
        digest.update(f"{sample.path}\0{sample.label}\0{sample.split}\0{sample.stamp}\n".encode())
    return SampleIndex(classes, tuple(samples), tuple(found.skipped), digest.hexdigest())


def _limited(files: Sequence[ImageFile], limit: int, seed: int, label: int) -> Sequence[ImageFile]:
    """A seeded choice of at most `limit` files of each split, in their order; 0: all."""
    if not limit:
        return files
    kept: set[int] = set()
    for split in {file.split for file in files}:
        places = [place for place, file in enumerate(files) if file.split is split]
        generator = np.random.default_rng((seed, label, len(split or "")))
        kept |= {places[chosen] for chosen in generator.permutation(len(places))[:limit]}
    return [file for place, file in enumerate(files) if place in kept]
