"""From what a recipe names as a path to a folder that can be read: the folder itself, or an archive's content."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from engine.contract.errors import DataError
from engine.contract.findings import Finding, Severity
from engine.contract.path_need import PathNeed
from engine.contract.progress import UNWATCHED, Progress
from engine.datasets.listing.unpacked_archive import open_archive


@dataclass(frozen=True)
class DataPath:
    """A folder, or an archive with the folder that it was unpacked into.

    An archive that holds one folder and nothing beside it is taken for that folder.
    """

    given: Path
    """As the user knows it, absolute."""
    folder: Path
    told: str = ""
    """What the user is to know of how it was opened."""

    def findings(self) -> list[Finding]:
        """The same as what a source says of its images."""
        if not self.told:
            return []
        return [Finding(severity=Severity.WARNING, where="dataset.path", message=self.told)]

    @property
    def is_archive(self) -> bool:
        return self.given != self.folder

    def shown(self, file: Path) -> str:
        """How a file in the folder is called: by its own path, or by that of its archive and its place in there."""
        return str(self.given / file.relative_to(self.folder))

    def file(self, shown: str) -> Path | None:
        """The file of such a name, None where it lies elsewhere."""
        path = Path(shown)
        return self.folder / path.relative_to(self.given) if path.is_relative_to(self.given) else None


def open_path(text: str, where: str, need: PathNeed, cache: Path, progress: Progress = UNWATCHED) -> DataPath:
    """What a recipe's path leads to; an archive is unpacked into `cache`.

    Args:
        where: the recipe's key, such as "dataset.path".

    Raises:
        DataError: it does not lead to what is needed, or the archive cannot be unpacked.
    """
    if not text:
        raise DataError(f"{where} is empty; choose the {need} with the images.")
    try:
        path = Path(text).expanduser()
        is_file, is_folder = path.is_file(), path.is_dir()
    except (OSError, ValueError, RuntimeError):  # Too long, an invalid character, or an unknown ~user.
        is_file = is_folder = False
        path = Path(text)
    if not is_file and not is_folder:
        raise DataError(f"{where}: there is no {need} {path}; check the path.")
    if is_folder and not need.folder:
        raise DataError(f"{where} {path} is a folder; choose the {need} with the images.")
    if is_file and not need.names_file(path):
        raise DataError(f"{where} {path} is a file; choose the {need.in_full()} with the images.")
    if not os.access(path, os.R_OK | os.X_OK if is_folder else os.R_OK):
        kind = "folder" if is_folder else "file"
        raise DataError(f"{where}: the {kind} {path} cannot be read; check its permissions.")
    path = path.resolve()
    if is_folder:
        return DataPath(path, path)
    archive = open_archive(path, cache, progress)
    return DataPath(path, _innermost(archive.folder), archive.told)


def _innermost(folder: Path) -> Path:
    """Down through folders that hold one folder and nothing else."""
    while len(entries := list(folder.iterdir())) == 1 and entries[0].is_dir():
        (folder,) = entries
    return folder
