"""The folders that the program uses: whether they can be written, and how much space is free there."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import ClassVar

from engine.doctor.health_check import CheckedFolders, CheckedPart, Fact, HealthCheck, Trouble

GIB = 1024**3
LEAST_FREE_GIB = 1.0
"""A small study takes some tens of MB; decoded images of a large one several GiB."""


class FoldersCheck(HealthCheck):
    """Writes a file without a name into each, which is gone at once; creates no folder."""

    key: ClassVar[str] = "folders"
    title: ClassVar[str] = "Folders"
    place: ClassVar[int] = 6

    def look(self, folders: CheckedFolders) -> CheckedPart:
        written = (
            ("Runs", folders.runs, "Choose another with --runs DIR, or in the window: Edit, Preferences…"),
            ("Image cache", folders.runs / "images", "It lies in the runs folder; choose another with --runs DIR."),
            ("Settings", folders.settings, "Give yourself the right to write there; until then no setting is kept."),
            ("Temporary", Path(tempfile.gettempdir()), "Set TMPDIR to a folder that can be written."),
        )
        facts: list[Fact] = []
        troubles: list[Trouble] = []
        for name, folder, remedy in written:
            refusal = _refusal(folder)
            facts.append(Fact(name, _said(folder, refusal)))
            # The cache lies in the runs folder, and need not be told with it.
            if refusal and not (name == "Image cache" and troubles):
                troubles.append(Trouble(f"The folder {folder} cannot be written ({refusal}).", remedy))
        there = "there" if folders.weights.is_dir() else "not there"
        facts.append(Fact("Weights", f"{folders.weights}, {there}"))
        facts.append(Fact("Python's packages", f"{sys.prefix}, {_writable(Path(sys.prefix))}"))
        free = _free_gib(folders.runs)
        if free is not None and free < LEAST_FREE_GIB:
            remedy = "Free some, clear the cache (Edit, Preferences…), or choose another disk with --runs DIR."
            troubles.append(Trouble(f"Only {free:.2f} GiB are free for runs in {folders.runs}.", remedy))
        return CheckedPart(self.title, tuple(facts), tuple(troubles))


def _said(folder: Path, refusal: str) -> str:
    writable = "can be written" if folder.is_dir() else "not there yet, can be created"
    state = "cannot be written" if refusal else writable
    free = _free_gib(folder)
    return f"{folder}, {state}" if free is None else f"{folder}, {state}, {free:.1f} GiB free"


def _existing(folder: Path) -> Path:
    """The folder, or the first above it that there is."""
    return next((one for one in (folder, *folder.parents) if os.path.lexists(one)), folder)


def _refusal(folder: Path) -> str:
    """Why nothing can be written there; empty: it can."""
    try:
        with tempfile.TemporaryFile(dir=_existing(folder)) as probe:
            probe.write(b"\0" * 4096)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _writable(folder: Path) -> str:
    return "can be written" if os.access(folder, os.W_OK) else "cannot be written"


def _free_gib(folder: Path) -> float | None:
    try:
        return shutil.disk_usage(_existing(folder)).free / GIB
    except OSError:
        return None
