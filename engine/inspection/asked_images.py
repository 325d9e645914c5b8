"""The image files that a user names, one by one or by folders, and the class that a folder's name says of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.contract.errors import DataError
from engine.contract.measurements import SkippedFile
from engine.contract.progress import UNWATCHED, Progress
from engine.datasets.listing.folder_tree import FoundFiles
from engine.datasets.listing.indexing import one_form
from engine.datasets.source import SPLIT_NAMES


@dataclass(frozen=True)
class AskedFile:
    """One file, not opened yet."""

    path: Path
    folders: tuple[str, ...] = ()
    """Those that it lies in below the folder that was named, from the outermost on; empty where the file itself was."""

    def class_among(self, classes: Sequence[str]) -> str | None:
        """The class that its folders name: the outermost that is one, a folder such as "train" or "test" passed over
        where a class lies in it."""
        named = [part for part in map(one_form, self.folders) if part in {one_form(name) for name in classes}]
        if len(named) > 1 and named[0].lower() in SPLIT_NAMES:
            named.pop(0)
        return next((name for name in classes if named and one_form(name) == named[0]), None)


@dataclass(frozen=True)
class AskedFiles:
    """All of them, in order, and what was passed over."""

    files: tuple[AskedFile, ...]
    skipped: tuple[SkippedFile, ...]


def asked_files(paths: Sequence[Path], is_image: Callable[[str], bool], progress: Progress = UNWATCHED) -> AskedFiles:
    """The files named, and those below the folders named; each once.

    Args:
        is_image: whether a file of such a name in a folder may be an image.
        progress: told (files found, 0) now and then.

    Raises:
        DataError: a path is not there.
        Cancelled: out of `progress`.
    """
    files: dict[Path, AskedFile] = {}
    skipped: list[SkippedFile] = []
    for path in paths:
        if path.is_dir():
            found = FoundFiles(_AnyFolder(), progress, is_image)
            found.walk(path, None, base=path)
            skipped += found.skipped
            for file in found.files:
                files.setdefault(file, AskedFile(file, file.relative_to(path).parts[:-1]))
        elif path.exists():
            files.setdefault(path, AskedFile(path))
        else:
            raise DataError(f"{path} is not there; check the path.")
    return AskedFiles(tuple(files.values()), tuple(skipped))


class _AnyFolder:
    """Every folder is looked into."""

    def class_of(self, folder: tuple[str, ...]) -> str | None:
        return ""
