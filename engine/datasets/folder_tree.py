"""Finds the image files below class folders, and notes what is passed over and why. Opens none of them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engine.contract.errors import DataError
from engine.contract.measurements import SkippedFile
from engine.datasets.image_file import SUFFIXES
from engine.datasets.source import Split

SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
TOLD_EVERY = 200
"""Files between two calls of `progress`."""


@dataclass(frozen=True)
class ImageFile:
    """A file that is an image by its name."""

    path: Path
    class_name: str
    split: Split | None
    file_bytes: int
    modified_ns: int


@dataclass
class FoundFiles:
    """What the walks through the trees of a dataset come upon."""

    progress: Callable[[int, int], None] | None = None
    """Called with (files found, 0) now and then."""
    files: dict[Path, ImageFile] = field(default_factory=dict)
    classes: set[str] = field(default_factory=set)
    skipped: list[SkippedFile] = field(default_factory=list)
    without_class: int = 0
    """Images that lie beside the class folders."""

    def walk(self, root: Path, split: Split | None) -> None:
        """Add the images of the class folders in `root`.

        Raises:
            DataError: an image was found before, in another split.
        """
        for path in _entries(root):
            if path.suffix.lower() in SUFFIXES and not path.is_dir():
                self.without_class += 1
                self._skip(path, "lies in no class folder")
        for folder in folders(root):
            if folder.suffix.lower() in SUFFIXES:
                self._skip(folder, "is a folder, though it is named like an image")
            elif not _is_text(folder):
                self._skip(folder, "has a name that is no valid text; rename the folder")
            else:
                self.classes.add(folder.name)
                self._walk_class(folder, split)

    def _walk_class(self, folder: Path, split: Split | None) -> None:
        for path in self._walked(folder):
            if reason := _unusable(path):
                self._skip(path, reason)
                continue
            status = path.stat()
            file = ImageFile(path, folder.name, split, status.st_size, status.st_mtime_ns)
            before = self.files.setdefault(path, file)
            if before.split is not split:
                raise DataError(
                    f"The image {path} would be a {before.split or Split.TRAIN} and a {split or Split.TRAIN} image at "
                    "once; dataset.path, validation_path and test_path must be folders that do not overlap."
                )
            if self.progress and len(self.files) % TOLD_EVERY == 0:
                self.progress(len(self.files), 0)

    def _walked(self, folder: Path) -> Iterator[Path]:
        """All visible files below, in order; links to folders are not followed, so loops cannot hang."""

        def unreadable(error: OSError) -> None:
            self._skip(Path(error.filename), f"is a folder that cannot be read ({error.strerror})")

        for parent, inner, names in os.walk(folder, onerror=unreadable, followlinks=False):
            for name in sorted(inner):
                if Path(name).suffix.lower() in SUFFIXES:
                    self._skip(Path(parent, name), "is a folder, though it is named like an image")
            inner[:] = sorted(
                name for name in inner if not is_hidden(name) and Path(name).suffix.lower() not in SUFFIXES
            )
            yield from (Path(parent, name) for name in sorted(names) if not is_hidden(name))

    def _skip(self, path: Path, reason: str) -> None:
        readable = os.fsencode(path).decode(errors="replace")
        self.skipped.append(SkippedFile(path=readable, reason=reason))


def folders(path: Path) -> list[Path]:
    """The visible folders in a folder, sorted by name."""
    return [entry for entry in _entries(path) if entry.is_dir()]


def is_hidden(name: str) -> bool:
    """Whether a file or folder is the system's own business."""
    return name.startswith(".") or name.lower() in SYSTEM_FILES


def _entries(path: Path) -> list[Path]:
    return sorted(entry for entry in path.iterdir() if not is_hidden(entry.name))


def _is_text(path: Path) -> bool:
    """False for a name with bytes that are no characters; reports and JSON could not hold it."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _unusable(path: Path) -> str:
    """Why the file cannot be an image, as far as can be told without opening it; empty where it can."""
    if path.suffix.lower() not in SUFFIXES:
        return "is no image file by its name"
    if not _is_text(path):
        return "has a name that is no valid text; rename the file"
    try:
        status = path.stat()
    except OSError:
        return "is a link to nothing, or no plain file"
    if not stat.S_ISREG(status.st_mode):
        return "is a link to nothing, or no plain file"
    if status.st_size == 0:
        return "is empty"
    return "" if os.access(path, os.R_OK) else "may not be read; check its permissions"
