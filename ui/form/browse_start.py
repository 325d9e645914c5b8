"""Where a file dialogue opens: at what is chosen already, else where such files usually are."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QStandardPaths


def pictures() -> str:
    """The user's folder of pictures; the home folder where there is none."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
    return folder if Path(folder).is_dir() else str(Path.home())


def existing_part(path: str) -> str:
    """The path, or the nearest folder above it that is there; empty where the path is, or names no folder at all."""
    if not path:
        return ""
    typed = Path(path).expanduser()
    found = next((place for place in (typed, *typed.parents) if place.exists()), None)
    return "" if found is None or found == Path() else str(found)
