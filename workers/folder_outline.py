"""Lists the folders of a dataset for the wizard, and says of each which class a mapping makes it. No Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import DataError
from engine.contract.progress import Progress
from engine.datasets.listing.class_folders import ClassFolders, TopFolders
from engine.datasets.source import DATASETS, OutlinedFolder

Patterns = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class MappedFolders:
    """What a mapping makes of the folders."""

    classes: tuple[str | None, ...]
    """Of each folder, in their order."""
    images: Mapping[str | None, int]
    """Class → images; None: in no class."""
    fault: str = ""
    """Why the mapping cannot be used."""


def outline_folders(settings: DatasetSettings, cache: Path, progress: Progress) -> tuple[OutlinedFolder, ...]:
    """All folders that `class_folders` may name, each after the one that it lies in.

    Raises:
        DataError, RecipeError: there is no such dataset.
        Cancelled: out of `progress`.
    """
    return tuple(DATASETS[settings.kind](settings, 0, cache).outline(progress))


def map_folders(folders: Sequence[OutlinedFolder], patterns: Patterns, progress: Progress) -> MappedFolders:
    """The class of each folder; without patterns that of the topmost folder it lies in.

    Raises:
        Cancelled: out of `progress`.
    """
    rule = ClassFolders(patterns) if patterns else TopFolders()
    fault = ""
    classes: list[str | None] = []
    for folder in folders:
        progress.raise_if_cancelled()
        try:
            classes.append(rule.class_of(folder.parts))
        except DataError as error:
            fault = str(error)
            classes.append(None)
    if not fault and isinstance(rule, ClassFolders) and (unused := rule.unused()):
        fault = f'No folder matches "{unused[0][1]}" ({unused[0][0]}); remove the pattern.'
    images = Counter[str | None]()
    for folder, name in zip(folders, classes, strict=True):
        images[name] += folder.images
    return MappedFolders(tuple(classes), images, fault)
