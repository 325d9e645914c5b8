"""Says which prepared images and stages a process uses, so that no other clears them until the process has ended."""

from __future__ import annotations

import atexit
import contextlib
import os
from functools import lru_cache
from glob import escape
from pathlib import Path

from filelock import FileLock

from engine.store.durable_file import is_abandoned, temporary_beside

LOCK_FILE = "cache.lock"
REMEMBERED = 65_536
"""Entries that a process marks once each."""


@lru_cache(REMEMBERED)
def mark_used(entry: Path, locks: Path) -> None:
    """From now until this process ends, nobody clears the entry; it counts as used now.

    Args:
        entry: a folder or file of the cache, which may not be there yet.
        locks: where the marks lie.

    Raises:
        OSError: no mark can be written.
    """
    locks.mkdir(parents=True, exist_ok=True)
    with clearing_or_marking(locks):
        mark = temporary_beside(locks / entry.name)
        mark.touch()
        atexit.register(lambda: mark.unlink(missing_ok=True))
    with contextlib.suppress(OSError):  # It is not there yet, or may not be written.
        os.utime(entry)


def is_used(entry: Path, locks: Path) -> bool:
    """Whether a process that is alive has marked the entry; asked under `clearing_or_marking`."""
    return any(not is_abandoned(mark) for mark in locks.glob(f".{escape(entry.name)}.*.part"))


def clearing_or_marking(locks: Path) -> FileLock:
    """Held while an entry is marked, and while one that is not marked is taken away; for milliseconds."""
    return FileLock(locks / LOCK_FILE)
