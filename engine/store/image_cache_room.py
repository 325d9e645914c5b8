"""The size of the cache of decoded images, and clearing the least recently used ones."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.store.locations import Locations
from engine.store.run_history import RunState, list_runs


def cache_bytes(cache: Path) -> int:
    """What the cache holds; 0 where there is none."""
    return sum(_bytes(entry) for entry in _entries(cache))


def trim_cache(cache: Path, limit_bytes: int) -> int:
    """Remove entries, the longest unused first, until the others fit; returns the bytes that stay.

    A cache entry can be computed again from its images, so nothing is lost.
    """
    entries = sorted(_entries(cache), key=_last_used)
    sizes = {entry: _bytes(entry) for entry in entries}
    total = sum(sizes.values())
    for entry in entries:
        if total <= limit_bytes:
            break
        if entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
        if not entry.exists():
            total -= sizes[entry]
    return total


def trim_if_idle(locations: Locations, limit_bytes: int) -> None:
    """Keep the cache within its limit, unless a run is in progress somewhere, which may be reading from it."""
    if any(record.state is RunState.RUNNING for record in list_runs(locations)):
        return
    trim_cache(locations.image_cache, limit_bytes)


def _entries(cache: Path) -> list[Path]:
    return list(cache.iterdir()) if cache.is_dir() else []


def _bytes(entry: Path) -> int:
    if entry.is_file():
        return entry.stat().st_size
    return sum(file.stat().st_size for file in entry.rglob("*") if file.is_file())


def _last_used(entry: Path) -> float:
    """Of its files, since a folder counts as used by being listed here.

    Where a file system notes no time of access, this is when it was made.
    """
    files = [file for file in entry.rglob("*") if file.is_file()] if entry.is_dir() else [entry]
    return max((max(file.stat().st_atime, file.stat().st_mtime) for file in files), default=0.0)
