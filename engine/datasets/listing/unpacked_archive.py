"""An archive's unpacked files, verified by their hashes: damaged ones are put aside and unpacked again."""

from __future__ import annotations

import json
import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from engine.contract.progress import UNWATCHED, Progress
from engine.datasets.listing.archive import archive_folder, unpacked
from engine.store.durable_file import write_durably
from engine.store.file_hash import file_hash
from engine.store.locations import Locations
from engine.store.use_marks import mark_used

CHECKED_ARCHIVES = 64
"""That a process remembers."""


@dataclass(frozen=True)
class UnpackedArchive:
    """Where an archive's content lies."""

    folder: Path
    told: str = ""
    """What the user is to know, where it had to be unpacked again."""


def open_archive(archive: Path, cache: Path, progress: Progress = UNWATCHED) -> UnpackedArchive:
    """The content of an archive; what was unpacked before is read through once a process.

    Raises:
        DataError: as `unpacked`.
    """
    folder, told = archive_folder(archive, cache), ""
    with suppress(OSError):  # What cannot be written is told when it is unpacked.
        mark_used(folder, Locations(cache.parent).locks)
    if folder.is_dir() and (damaged := _damage(folder, _state(folder))):
        aside = folder.rename(folder.with_name(f"{folder.name}.damaged-{uuid.uuid4().hex[:8]}"))
        told = f"{damaged}, unpacked from {archive.name}, is damaged, so the archive is unpacked again; see {aside}."
        _hashes_file(folder).unlink(missing_ok=True)
    unpacked(archive, cache, progress)
    if not _hashes_file(folder).is_file():
        write_durably(_hashes_file(folder), json.dumps(_hashes(folder), indent=1))
    return UnpackedArchive(folder, told)


def _hashes_file(folder: Path) -> Path:
    """File → SHA-256; beside the folder, as all that lies in it is the archive's."""
    return folder.with_name(f"{folder.name}.json")


def _state(folder: Path) -> tuple[int, int]:
    """Distinguishes a folder that was unpacked again from one that was checked."""
    file = _hashes_file(folder)
    return folder.stat().st_ino, file.stat().st_mtime_ns if file.is_file() else 0


@lru_cache(maxsize=CHECKED_ARCHIVES)
def _damage(folder: Path, state: tuple[int, int]) -> str:
    """The name of a file that has changed since it was written; empty if there is none, or its hashes are unknown."""
    if not state[1]:
        return ""
    try:
        known = json.loads(_hashes_file(folder).read_bytes())
        found = _hashes(folder)
        differing = [name for name in {*known, *found} if known.get(name) != found.get(name)]
    except (OSError, ValueError, AttributeError) as error:
        return str(getattr(error, "filename", "") or _hashes_file(folder).name)
    return min(differing, default="")


def _hashes(folder: Path) -> dict[str, str]:
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        digests = pool.map(file_hash, files)
        return {file.relative_to(folder).as_posix(): digest for file, digest in zip(files, digests, strict=True)}
