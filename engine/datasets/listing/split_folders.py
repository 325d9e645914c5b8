"""Folders train, validation and test in a dataset's tree, and the images that lie beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from engine.contract.errors import DataError
from engine.contract.findings import Finding, Severity
from engine.datasets.listing.data_path import DataPath
from engine.datasets.listing.folder_tree import folders, walked
from engine.datasets.source import SPLIT_NAMES, Split

MAX_FOLDERS_NAMED = 5


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


def beside_findings(beside: dict[Path, int]) -> Iterator[Finding]:
    if beside:
        named = ", ".join(f"{folder.name} ({count:,})" for folder, count in list(beside.items())[:MAX_FOLDERS_NAMED])
        more = f" and {len(beside) - MAX_FOLDERS_NAMED:,} more folders" if len(beside) > MAX_FOLDERS_NAMED else ""
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
        raise DataError(f"{tree.given} has a folder {names}, but no train folder with one folder per class; add it.")
    return splits
