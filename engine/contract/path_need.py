"""What a path must lead to; the check, the dialogue and drag and drop all use this."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PathNeed:
    """A folder, a file by the end of its name, or either; neither of them: no path is needed."""

    folder: bool = False
    suffixes: tuple[str, ...] = ()
    """Of the files, in lower case, such as (".zip", ".tar.gz")."""
    file_noun: str = "file"
    """What such a file is called."""

    def __bool__(self) -> bool:
        return self.folder or bool(self.suffixes)

    def __str__(self) -> str:
        """Such as "folder or archive"."""
        if self.folder and self.suffixes:
            return f"folder or {self.file_noun}"
        return "folder" if self.folder else self.file_noun if self.suffixes else ""

    def in_full(self) -> str:
        """Such as "folder or archive (.zip, .tar.gz)"."""
        return f"{self} ({', '.join(self.suffixes)})" if self.suffixes else str(self)

    def takes(self, path: Path) -> bool:
        """Whether there is such a folder or file."""
        return (self.folder and path.is_dir()) or (path.is_file() and self.names_file(path))

    def names_file(self, path: Path) -> bool:
        """Whether a file may have this name."""
        return path.name.lower().endswith(self.suffixes)
