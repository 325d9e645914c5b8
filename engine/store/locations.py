"""Where Nutshell stores its data: one folder for runs, stages, the image cache and the database."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from engine.contract.errors import DataError


def default_runs_directory() -> Path:
    """The user's data folder for this program, by the platform's custom."""
    return Path(platformdirs.user_data_dir("Nutshell", appauthor=False)) / "runs"


@dataclass(frozen=True)
class Locations:
    """The places below one runs directory."""

    root: Path

    @property
    def database(self) -> Path:
        return self.root / "nutshell.sqlite"

    @property
    def stages(self) -> Path:
        return self.root / "stages"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def drafts(self) -> Path:
        return self.root / "drafts"

    @property
    def locks(self) -> Path:
        return self.root / "locks"

    @property
    def image_cache(self) -> Path:
        return self.root / "images"

    def create(self) -> Locations:
        """Make the folders and see that they can be written.

        Raises:
            DataError: a part of the path is a file, or may not be written.
        """
        try:
            for folder in (self.root, self.stages, self.runs, self.image_cache):
                folder.mkdir(parents=True, exist_ok=True)
            probe = self.root / f".writable-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except (FileExistsError, NotADirectoryError):
            raise DataError(
                f"The runs directory {self.root} cannot be created, because a file has that name; choose a folder."
            ) from None
        except OSError as error:
            raise DataError(
                f"The runs directory {self.root} cannot be written ({error.strerror}); choose another with --runs DIR, "
                "or in the preferences."
            ) from None
        return self
