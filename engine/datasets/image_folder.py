"""Images in folders: one folder a class, with or without train, validation and test folders above them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np

from engine.contract.errors import DataError
from engine.contract.measurements import SkippedFile
from engine.contract.recipe import DatasetSettings
from engine.contract.registry import unknown_name_message
from engine.datasets.image_file import SUFFIXES, read_image
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
SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
PROGRESS_EVERY = 200


@dataclass
class _Findings:
    """What the walk through the trees comes upon."""

    files: list[tuple[Path, str, Split | None, os.stat_result]] = field(default_factory=list)
    classes: set[str] = field(default_factory=set)
    skipped: list[SkippedFile] = field(default_factory=list)


class ImageFolder(DatasetSource):
    key: ClassVar[str] = "image_folder"
    title: ClassVar[str] = "Folder of images"
    summary: ClassVar[str] = (
        "A folder a class, or train, validation and test folders with a folder a class each; JPEG, PNG, TIFF, BMP."
    )

    def index(
        self, settings: DatasetSettings, seed: int, progress: Callable[[int, int], None] | None = None
    ) -> SampleIndex:
        found = _Findings()
        root = _folder(settings.path, "dataset.path")
        splits = {split: folder for folder in _folders(root) if (split := SPLIT_NAMES.get(folder.name.lower()))}
        if splits:
            for split, folder in splits.items():
                _walk_classes(folder, split, found, progress)
        else:
            both = bool(settings.validation_path and settings.test_path)
            _walk_classes(root, Split.TRAIN if both else None, found, progress)
        for path, split, where in (
            (settings.validation_path, Split.VALIDATION, "dataset.validation_path"),
            (settings.test_path, Split.TEST, "dataset.test_path"),
        ):
            if path:
                _walk_classes(_folder(path, where), split, found, progress)
        return _index(root, settings, seed, found)

    def decode(self, settings: DatasetSettings, seed: int, sample: Sample) -> np.ndarray:
        return read_image(Path(sample.path))


def _folder(text: str, where: str) -> Path:
    if not text:
        raise DataError(f"{where} is empty; choose the folder with the images.")
    path = Path(text).expanduser()
    if path.is_file():
        raise DataError(f"{where} {path} is a file; choose the folder that holds a folder a class.")
    if not path.is_dir():
        raise DataError(f"{where}: there is no folder {path}; check the path.")
    if not os.access(path, os.R_OK | os.X_OK):
        raise DataError(f"{where}: the folder {path} may not be read; check its permissions.")
    return path.resolve()


def _folders(path: Path) -> list[Path]:
    return sorted(entry for entry in path.iterdir() if entry.is_dir() and not _is_hidden(entry.name))


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in SYSTEM_FILES


def _walk_classes(
    root: Path, split: Split | None, found: _Findings, progress: Callable[[int, int], None] | None
) -> None:
    for folder in _folders(root):
        if folder.suffix.lower() in SUFFIXES:
            found.skipped.append(SkippedFile(path=str(folder), reason="is a folder, though it is named like an image"))
            continue
        found.classes.add(folder.name)
        for path in _files(folder, found.skipped):
            found.files.append((path, folder.name, split, path.stat()))
            if progress and len(found.files) % PROGRESS_EVERY == 0:
                progress(len(found.files), 0)


def _files(folder: Path, skipped: list[SkippedFile]) -> Iterator[Path]:
    """The image files below a class folder, in order; links to folders are not followed, so loops cannot hang."""
    for parent, folders, names in os.walk(folder, followlinks=False):
        for name in sorted(folders):
            if Path(name).suffix.lower() in SUFFIXES:
                reason = "is a folder, though it is named like an image"
                skipped.append(SkippedFile(path=str(Path(parent, name)), reason=reason))
        folders[:] = sorted(
            name for name in folders if not _is_hidden(name) and Path(name).suffix.lower() not in SUFFIXES
        )
        for name in sorted(names):
            path = Path(parent, name)
            if _is_hidden(name):
                continue
            if path.suffix.lower() not in SUFFIXES:
                skipped.append(SkippedFile(path=str(path), reason="is no image file by its name"))
            elif not path.is_file():
                skipped.append(SkippedFile(path=str(path), reason="is a link to nothing, or no plain file"))
            elif path.stat().st_size == 0:
                skipped.append(SkippedFile(path=str(path), reason="is empty"))
            else:
                yield path


def _index(root: Path, settings: DatasetSettings, seed: int, found: _Findings) -> SampleIndex:
    if not found.files:
        raise DataError(f"There are no images in {root}; {LAYOUT}.")
    for name in settings.classes:
        if name not in found.classes:
            raise DataError(f"dataset.classes: {unknown_name_message('class folder', name, sorted(found.classes))}")
    classes = settings.classes or tuple(sorted(found.classes))
    if len(classes) < 2:
        raise DataError(f"There is one class only in {root} ({classes[0]}); a classifier needs two: {LAYOUT}.")
    samples = []
    for label, name in enumerate(classes):
        own = [file for file in found.files if file[1] == name]
        if not own:
            raise DataError(f'The class folder "{name}" in {root} holds no images; add some, or leave the class out.')
        samples += [
            Sample(str(path), label, split, f"{status.st_size}/{status.st_mtime_ns}", status.st_size)
            for path, _, split, status in _limited(own, settings.limit_per_class, seed, label)
        ]
    digest = hashlib.sha256(repr(classes).encode())
    for sample in samples:
        digest.update(
            f"{sample.path}\0{sample.label}\0{sample.split}\0{sample.stamp}\n".encode(errors="surrogateescape")
        )
    return SampleIndex(classes, tuple(samples), tuple(found.skipped), digest.hexdigest())


def _limited(
    files: list[tuple[Path, str, Split | None, os.stat_result]], limit: int, seed: int, label: int
) -> list[tuple[Path, str, Split | None, os.stat_result]]:
    """A seeded choice of at most `limit` files of each split, in their order; 0: all."""
    if not limit:
        return files
    kept: set[int] = set()
    for split in {file[2] for file in files}:
        places = [place for place, file in enumerate(files) if file[2] is split]
        generator = np.random.default_rng((seed, label, len(split or "")))
        kept |= {places[chosen] for chosen in generator.permutation(len(places))[:limit]}
    return [file for place, file in enumerate(files) if place in kept]
