"""The room that prepared images and unused stages take, and clearing those that were not used for the longest time."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from engine.contract.progress import UNWATCHED, Progress
from engine.store.durable_file import remove_abandoned, temporary_beside
from engine.store.locations import Locations
from engine.store.run_removal import STAGE_KEY, named_stages
from engine.store.use_marks import clearing_or_marking, is_used


@dataclass(frozen=True)
class CacheEntry:
    """What is cleared at once: it can be computed again."""

    path: Path
    bytes: int
    last_used: float
    """Seconds since the epoch, UTC."""


@dataclass(frozen=True)
class CacheRoom:
    """What there is to clear in a runs directory."""

    images: tuple[CacheEntry, ...]
    """Prepared images, features of frozen bases, unpacked archives."""
    stages: tuple[CacheEntry, ...]
    """Stages that no run and no draft names."""
    kept_bytes: int = 0
    """Of the stages that some name, which go when these are deleted."""

    @property
    def images_bytes(self) -> int:
        return sum(entry.bytes for entry in self.images)

    @property
    def stages_bytes(self) -> int:
        return sum(entry.bytes for entry in self.stages)

    @property
    def bytes(self) -> int:
        return self.images_bytes + self.stages_bytes


@dataclass(frozen=True)
class Cleared:
    """What clearing has done."""

    freed_bytes: int
    in_use_bytes: int
    """Of entries that had to go and stayed, because a process uses them or the disk did not let them go."""


def cache_room(locations: Locations, progress: Progress = UNWATCHED) -> CacheRoom:
    """Measure it; reads the runs' lists of stages, so that it takes as long as there are runs.

    Raises:
        OSError: a folder cannot be read.
        Cancelled: out of `progress`.
    """
    images = tuple(_entry(path, progress) for path in _inside(locations.image_cache))
    stages = list(_inside(locations.stages))
    # Read after what there is: a stage that a run finishes meanwhile is not among them.
    named = named_stages(locations) if stages else frozenset()
    unused, kept_bytes = [], 0
    for path in stages:
        entry, key = _entry(path, progress), STAGE_KEY.search(path.name)
        if key and key[0] not in named:
            unused.append(entry)
        else:
            kept_bytes += entry.bytes
    return CacheRoom(images, tuple(unused), kept_bytes)


def clear_cache(locations: Locations, limit_bytes: int, progress: Progress = UNWATCHED) -> Cleared:
    """Clear entries, the longest unused first, until the others fit; what is in use stays. No run, result or draft is
    touched.

    Raises:
        OSError, Cancelled: as `cache_room`.
    """
    room = cache_room(locations, progress)
    total, freed, in_use = room.bytes, 0, 0
    for entry in sorted((*room.images, *room.stages), key=lambda one: one.last_used):
        if total - freed <= limit_bytes:
            break
        progress.raise_if_cancelled()
        if _clear(entry.path, locations.locks):
            freed += entry.bytes
        else:
            in_use += entry.bytes
    for folder in (locations.image_cache, locations.stages, locations.locks):
        if folder.is_dir():
            remove_abandoned(folder)
    return Cleared(freed, in_use)


def _clear(path: Path, locks: Path) -> bool:
    """Whether the entry is gone. It takes another name first: half of an entry is never seen under its own."""
    locks.mkdir(parents=True, exist_ok=True)
    gone = temporary_beside(path)
    key = STAGE_KEY.search(path.name)
    try:
        with clearing_or_marking(locks):
            if is_used(path, locks) or (key and _is_computed(key[0], locks)):
                return False
            path.rename(gone)
    except OSError:  # Windows keeps what is open.
        return False
    if gone.is_dir():
        shutil.rmtree(gone, ignore_errors=True)
    else:
        gone.unlink(missing_ok=True)
    return True


def _is_computed(key: str, locks: Path) -> bool:
    """Whether a process computes this stage now."""
    file = locks / f"{key}.lock"
    if not file.is_file():
        return False
    try:
        with FileLock(file, timeout=0):
            return False
    except Timeout:
        return True


def _inside(folder: Path) -> Iterator[Path]:
    """What lies in it, but for what is just being written or cleared."""
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if not path.name.endswith(".part"))


def _entry(path: Path, progress: Progress) -> CacheEntry:
    progress.raise_if_cancelled()
    size, used = 0, 0.0
    for file in (path, *path.rglob("*")) if path.is_dir() else (path,):
        with contextlib.suppress(OSError):  # It was cleared this moment.
            found = file.stat()
            if file.is_dir():
                # Not the time of access: a folder counts as accessed by being listed here.
                used = max(used, found.st_mtime)
            else:
                size += found.st_size
                used = max(used, found.st_mtime, found.st_atime)
    return CacheEntry(path, size, used)
