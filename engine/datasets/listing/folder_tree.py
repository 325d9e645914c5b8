"""Finds the image files below class folders, and notes what is skipped and why. Opens none of them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engine.contract.errors import DataError
from engine.contract.findings import Finding
from engine.contract.measurements import SkippedFile
from engine.contract.progress import UNWATCHED, Progress
from engine.datasets.files.image_file import SUFFIXES
from engine.datasets.files.printable import CONTROL_CHARACTERS
from engine.datasets.listing.class_folders import ClassRule
from engine.datasets.source import Split

SYSTEM_FILES = frozenset(
    {
        *("thumbs.db", "desktop.ini", "__macosx", "$recycle.bin", "system volume information", "lost+found"),
        *("@eadir", "@recycle", "#recycle", "#snapshot", "__pycache__"),
    }
)
"""Names that operating systems, file servers (Synology, QNAP) and notebooks add to a user's folders, in lower case."""
TOLD_EVERY = 200
"""Files between two calls of `progress`."""
MAX_NAMED = 20
"""Images beside the class folders that are listed one by one."""


@dataclass(frozen=True)
class ImageFile:
    """A file that is an image by its name."""

    path: Path
    class_name: str
    split: Split | None
    file_bytes: int
    modified_ns: int
    inode: int = 0
    """Of a file of the user's: two that have exchanged their names may have all else alike. 0 where the program has
    unpacked it, as that changes each time."""

    @property
    def stamp(self) -> str:
        """What tells whether it is still the file that was read."""
        return f"{self.file_bytes}/{self.modified_ns}" + (f"/{self.inode}" if self.inode else "")


def is_image_name(name: str) -> bool:
    """Whether a file is one of those that Pillow reads, by its name."""
    return Path(name).suffix.lower() in SUFFIXES


@dataclass
class FoundFiles:
    """What the walks through the trees of a dataset find."""

    rule: ClassRule
    progress: Progress = UNWATCHED
    """Called with (files found, 0) now and then."""
    is_image: Callable[[str], bool] = is_image_name
    """Whether a file of such a name may be an image."""
    files: dict[Path, ImageFile] = field(default_factory=dict)
    classes: set[str] = field(default_factory=set)
    skipped: list[SkippedFile] = field(default_factory=list)
    several: dict[Path, int] = field(default_factory=dict)
    """Files with more than one image → how many, noted as they are opened."""
    odd_pages: dict[Path, int] = field(default_factory=dict)
    """Files with pages that differ from their first → how many."""
    told: list[Finding] = field(default_factory=list)
    """What was found as the folders were opened."""
    are_unpacked: bool = False
    """Whether the trees come out of archives."""
    without_class: int = 0
    """Images that lie in no class folder."""

    def walk(self, root: Path, split: Split | None, base: Path) -> None:
        """Add the images of the class folders in `root`.

        Args:
            base: the folder that the rule's paths begin at.

        Raises:
            DataError: an image was found before, in another split; or a folder belongs to two classes.
        """
        for folder, names in walked(root, self.skip):
            class_name = self.rule.class_of(folder.relative_to(base).parts)
            if class_name is None:
                self._pass_over(folder, list(filter(self.is_image, names)), one_by_one=folder == base)
            else:
                self.classes.add(class_name)
                self._add_files(folder, names, class_name, split)

    def _add_files(self, folder: Path, names: list[str], class_name: str, split: Split | None) -> None:
        for path in (folder / name for name in names):
            one = self.file(path, class_name, split)
            if one is None:
                continue
            before = self.files.setdefault(path, one)
            if before.split is not split:
                raise DataError(
                    f"The image {path} would be a {before.split or Split.TRAIN} and a {split or Split.TRAIN} image at "
                    "once; dataset.path, validation_path and test_path must be folders that do not overlap."
                )
            if len(self.files) % TOLD_EVERY == 0:
                self.progress.report(len(self.files), 0)

    def file(self, path: Path, class_name: str, split: Split | None) -> ImageFile | None:
        """The file as it is now; one that cannot be an image is noted as skipped, and None."""
        status = self._status(path)
        if isinstance(status, str):
            self.skip(path, status)
            return None
        inode = 0 if self.are_unpacked else status.st_ino
        return ImageFile(path, class_name, split, status.st_size, status.st_mtime_ns, inode)

    def _pass_over(self, folder: Path, images: list[str], one_by_one: bool) -> None:
        self.without_class += len(images)
        if one_by_one and len(images) <= MAX_NAMED:
            for name in images:
                self.skip(folder / name, "is not in a class folder")
        elif images:
            self.skip(folder, f"is not a class folder, so its images ({len(images):,}) are left out")

    def _status(self, path: Path) -> os.stat_result | str:
        """The file's status, or why it cannot be an image as far as can be told without opening it."""
        if not self.is_image(path.name):
            return "does not have the name of an image file"
        if not _is_text(path):
            return "has a name that is no valid text; rename the file"
        try:
            status = path.stat()
        except OSError:
            return "is a broken link or not a regular file"
        if not stat.S_ISREG(status.st_mode):
            return "is a broken link or not a regular file"
        if status.st_size == 0:
            return "is empty"
        return status if os.access(path, os.R_OK) else "cannot be read; check its permissions"

    def skip(self, path: Path, reason: str) -> None:
        """Note a file that is skipped."""
        readable = CONTROL_CHARACTERS.sub("\ufffd", os.fsencode(path).decode(errors="replace"))
        self.skipped.append(SkippedFile(path=readable, reason=reason))


def walked(root: Path, skip: Callable[[Path, str], None]) -> Iterator[tuple[Path, list[str]]]:
    """Each folder below, `root` first, with the names of the visible files in it, in order.

    Args:
        skip: told of folders that are not looked into, and why.
    """
    left = [root]
    while left:
        folder = left.pop()
        try:
            _, inner, files = next(os.walk(folder, onerror=_raise))
        except OSError as error:
            skip(folder, f"is a folder that cannot be read ({error.strerror})")
            continue
        yield folder, sorted(name for name in files if not is_hidden(name))
        for name in sorted(inner, reverse=True):
            if is_hidden(name):
                continue
            if reason := _closed(folder / name, root):
                skip(folder / name, reason)
            else:
                left.append(folder / name)


def _closed(folder: Path, root: Path) -> str:
    """Why not to look into a folder, empty where to; links are followed at the top only, so loops cannot hang."""
    if folder.suffix.lower() in SUFFIXES:
        return "is a folder with the name of an image file"
    if not _is_text(folder):
        return "has a name that is no valid text; rename the folder"
    if folder.is_symlink() and (folder.parent != root or _share_files(folder.resolve(), root.resolve())):
        return "is a link to a folder, which is not followed"
    return ""


def folders(path: Path) -> list[Path]:
    """The visible folders in a folder, sorted by name."""
    return sorted(entry for entry in path.iterdir() if not is_hidden(entry.name) and entry.is_dir())


def is_hidden(name: str) -> bool:
    """Whether a file or folder belongs to the system."""
    return name.startswith(".") or name.lower() in SYSTEM_FILES


def _raise(error: OSError) -> None:
    raise error


def _share_files(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)


def _is_text(path: Path) -> bool:
    """False for a name with bytes that are no characters, or that would steer a terminal that it is printed on."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return not CONTROL_CHARACTERS.search(path.name)
