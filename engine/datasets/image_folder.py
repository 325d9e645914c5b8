"""Images in folders: one folder a class, or classes drawn over any tree, with or without folders for the splits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np

from engine.contract.errors import DataError
from engine.contract.findings import Finding, Severity
from engine.contract.measurements import SkippedFile
from engine.contract.path_need import PathNeed
from engine.datasets.archive import FOLDER_OR_ARCHIVE
from engine.datasets.class_folders import ClassFolders, TopFolders
from engine.datasets.data_path import DataPath, open_path
from engine.datasets.folder_tree import TOLD_EVERY, FoundFiles, ImageFile, folders, is_image_name, walked
from engine.datasets.image_file import read_image
from engine.datasets.indexing import chosen_classes, in_natural_order, sample_index
from engine.datasets.source import SPLIT_NAMES, DatasetSource, OutlinedFolder, Sample, SampleIndex, Split

LAYOUT = (
    "put each class into a folder of its own: FOLDER/class/image.png, or FOLDER/train/class/image.png; or say with "
    "dataset.class_folders which folders are which class"
)

MOST_FOLDERS_NAMED = 5


class ImageFolder(DatasetSource):
    key: ClassVar[str] = "image_folder"
    title: ClassVar[str] = "Folder of images"
    summary: ClassVar[str] = (
        "A folder a class, or train, validation and test folders with a folder a class each, or any tree with classes "
        "drawn over its folders; JPEG, PNG, TIFF, BMP, GIF, WebP; also packed as .zip or .tar.gz."
    )
    path_need: ClassVar[PathNeed] = FOLDER_OR_ARCHIVE
    decodes_in_processes: ClassVar[bool] = True
    own_keys: ClassVar[tuple[str, ...]] = ("validation_path", "test_path", "class_folders", "labels_csv", "group_by")

    @classmethod
    def recognises(cls, path: Path) -> bool:
        return cls.path_need.takes(path)

    def index(self, progress: Callable[[int, int], None] | None = None) -> SampleIndex:
        drawn = ClassFolders(self.settings.class_folders) if self.settings.class_folders else None
        found = FoundFiles(drawn or TopFolders(), progress, self.is_image)
        trees = self._open_trees(progress)
        for folder, split, tree in walked_parts(trees):
            found.walk(folder, split, base=tree if drawn else folder)
        root = trees[0][0].given
        for name, pattern in drawn.unused() if drawn else ():
            raise DataError(
                f'dataset.class_folders: no folder below {root} is named by "{pattern}" ({name}); correct the pattern, '
                "or take it out."
            )
        _refuse_useless(root, found)
        classes = chosen_classes(self.settings, in_natural_order(found.classes), "class folder")
        return self._index(root, classes, found, progress)

    def outline(self, progress: Callable[[int, int], None] | None = None) -> Iterator[OutlinedFolder]:
        found = 0
        for (key, _, _), (tree, _) in zip(self._given_trees(), self._open_trees(progress), strict=True):
            for folder, names in walked(tree.folder, lambda path, reason: None):
                images = sum(map(self.is_image, names))
                yield OutlinedFolder(key, folder.relative_to(tree.folder).parts, images)
                found += images
                if progress:
                    progress(found, 0)

    def decode(self, sample: Sample) -> np.ndarray:
        return read_image(next(filter(None, (tree.file(sample.path) for tree in self._archives)), Path(sample.path)))

    def _given_trees(self) -> list[tuple[str, str, Split | None]]:
        """The dataset's own tree, and those that its validation and test images lie in: (key, path, split)."""
        settings = self.settings
        second = [
            ("validation_path", settings.validation_path, Split.VALIDATION),
            ("test_path", settings.test_path, Split.TEST),
        ]
        given = [tree for tree in second if tree[1]]
        return [("path", settings.path, Split.TRAIN if len(given) == len(second) else None), *given]

    def _open_trees(self, progress: Callable[[int, int], None] | None = None) -> list[tuple[DataPath, Split | None]]:
        return [
            (open_path(path, f"dataset.{key}", self.path_need, self.cache, progress), split)
            for key, path, split in self._given_trees()
        ]

    @cached_property
    def _archives(self) -> list[DataPath]:
        return [tree for tree, _ in self._open_trees() if tree.is_archive]

    @staticmethod
    def is_image(name: str) -> bool:
        """Whether a file of such a name may be one of this source's images."""
        return is_image_name(name)

    def _samples_of(self, file: ImageFile, label: int, found: FoundFiles) -> Iterator[Sample]:
        """The images in a file; one that holds none after all is noted in `found`."""
        yield Sample(
            self._shown(file.path), label, file.split, f"{file.file_bytes}/{file.modified_ns}", file.file_bytes
        )

    def _index(
        self,
        root: Path,
        classes: tuple[str, ...],
        found: FoundFiles,
        progress: Callable[[int, int], None] | None,
    ) -> SampleIndex:
        labels = {name: label for label, name in enumerate(classes)}
        samples: list[Sample] = []
        for done, file in enumerate(found.files.values()):
            if progress and done % TOLD_EVERY == 0:
                progress(done, len(found.files))
            if file.class_name in labels:
                samples += self._samples_of(file, labels[file.class_name], found)
        filled = {classes[sample.label] for sample in samples}
        for name in classes:
            if name not in filled:
                raise DataError(
                    f'The class folder "{name}" in {root} holds no images; add some, or leave the class out with '
                    "dataset.classes."
                )
        beside = self._beside(found)
        skipped = (SkippedFile(path=self._shown(Path(one.path)), reason=one.reason) for one in found.skipped)
        return sample_index(classes, samples, self.settings, self.seed, skipped, beside)

    def _beside(self, found: FoundFiles) -> list[Finding]:
        """What is said of the images beside the split folders, each folder of which is noted in `found`."""
        beside = images_beside_splits(self._open_trees()[0][0], self.is_image)
        for folder, images in beside.items():
            found.skip(folder, f"lies beside the train folder, so its images ({images:,}) are left out")
        return list(_beside_findings(beside))

    def _shown(self, path: Path) -> str:
        tree = next((tree for tree in self._archives if path.is_relative_to(tree.folder)), None)
        return tree.shown(path) if tree else str(path)


def walked_parts(trees: list[tuple[DataPath, Split | None]]) -> Iterator[tuple[Path, Split | None, Path]]:
    """The folders to walk: (folder, its split, the tree that it is of); train and test folders of the first tree apart.

    Raises:
        DataError: there are such folders, but none for training.
    """
    for place, (tree, split) in enumerate(trees):
        parts = _split_folders(tree) if place == 0 else []
        yield from ((folder, part, tree.folder) for part, folder in parts)
        if not parts:
            yield tree.folder, split, tree.folder


def images_beside_splits(tree: DataPath, is_image: Callable[[str], bool]) -> dict[Path, int]:
    """How many images lie in each folder beside the train folder, and in the dataset's own; empty without splits.

    A split folder without class folders is one of them, such as test images without labels.
    """
    used = {folder for _, folder in _split_folders(tree)}
    if not used:
        return {}
    counts = {tree.folder: sum(is_image(file.name) for file in tree.folder.iterdir() if file.is_file())}
    for folder in folders(tree.folder):
        if folder not in used:
            counts[folder] = sum(sum(map(is_image, names)) for _, names in walked(folder, lambda path, reason: None))
    return {folder: count for folder, count in counts.items() if count}


def _beside_findings(beside: dict[Path, int]) -> Iterator[Finding]:
    if beside:
        named = ", ".join(f"{folder.name} ({count:,})" for folder, count in list(beside.items())[:MOST_FOLDERS_NAMED])
        more = f" and {len(beside) - MOST_FOLDERS_NAMED:,} more folders" if len(beside) > MOST_FOLDERS_NAMED else ""
        message = (
            f"{sum(beside.values()):,} images are not used, because they lie beside the folder train: {named}{more}. "
            "Put them into class folders inside train, validation or test; or, if train is itself a class, assign "
            "folders to classes with dataset.class_folders and rename train."
        )
        yield Finding(severity=Severity.WARNING, where="dataset.path", message=message)


def _split_folders(tree: DataPath) -> list[tuple[Split, Path]]:
    """The train, validation and test folders of a tree, empty where it has none.

    A folder of such a name that holds images and no folders is a class: there are datasets of vehicles with trains.
    """
    named = [
        (SPLIT_NAMES[folder.name.lower()], folder)
        for folder in folders(tree.folder)
        if folder.name.lower() in SPLIT_NAMES
    ]
    splits = [(split, folder) for split, folder in named if folders(folder)]
    if splits and Split.TRAIN not in {split for split, _ in splits}:
        names = " and ".join(folder.name for _, folder in splits)
        raise DataError(f"{tree.given} has a folder {names}, but no train folder with a folder a class in it; add it.")
    return splits


def _refuse_useless(root: Path, found: FoundFiles) -> None:
    if not found.files:
        if found.without_class:
            raise DataError(f"The images in {root} ({found.without_class}) lie in no class folder; {LAYOUT}.")
        raise DataError(f"There are no images in {root}; {LAYOUT}.")
    if len(found.classes) < 2:
        (name,) = found.classes
        raise DataError(f"There is one class only in {root} ({name}); a classifier needs two: {LAYOUT}.")
