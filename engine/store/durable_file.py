"""Files that are complete or absent: written under a temporary name, synced, then renamed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

UNOWNED_AFTER_S = 86_400.0
"""A temporary file or folder of an unknown process, such as on another machine, counts as abandoned after this time."""

SYNCED_AT_ONCE = 8
"""Files. A file system writes its journal once for all that wait for it: twenty times as fast as one by one."""


@contextmanager
def appearing_file(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`; what the block wrote there takes the name `path` at the end.

    On an error the temporary file is removed and `path` is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_beside(path)
    try:
        yield temporary
        _sync(temporary)
        temporary.replace(path)
        _sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_durably(path: Path, content: bytes | str) -> None:
    """Replace the whole file at `path` by `content` (text as UTF-8)."""
    with appearing_file(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def appearing_folder(path: Path) -> Iterator[Path]:
    """A temporary folder beside `path` that takes the name `path`, with all its files synced, at the end.

    Where `path` exists by then, that one is kept: its name is the hash of what it holds. What killed processes left
    beside `path` is removed first.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(path.parent)
    temporary = temporary_beside(path)
    temporary.mkdir()
    try:
        yield temporary
        with ThreadPoolExecutor(SYNCED_AT_ONCE) as pool:
            list(pool.map(_sync, temporary.rglob("*")))
        _sync(temporary)
        if not path.exists():
            temporary.replace(path)
            _sync(path.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove_abandoned(parent: Path) -> None:
    """Remove the temporary files and folders in `parent` whose process is gone; one that cannot be removed stays."""
    for temporary in parent.glob(".*.part"):
        if not is_abandoned(temporary):
            continue
        if temporary.is_dir():
            shutil.rmtree(temporary, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                temporary.unlink()


def temporary_beside(path: Path) -> Path:
    """A name beside `path` that says whose it is."""
    return path.with_name(f".{path.name}.{_machine()}-{os.getpid()}-{uuid.uuid4().hex[:8]}.part")


def is_abandoned(temporary: Path) -> bool:
    """Whether the process of such a name is gone."""
    owner = re.search(r"\.([0-9a-f]+)-(\d+)-[0-9a-f]{8}\.part$", temporary.name)
    try:
        made = temporary.stat().st_mtime
        if owner and owner[1] == _machine():
            return not _was_running(int(owner[2]), made)
        inside = temporary.iterdir() if temporary.is_dir() else ()
        touched = max([made, *(file.stat().st_mtime for file in inside)])
    except OSError:  # It took its name, or was removed, this moment.
        return False
    return time.time() - touched > UNOWNED_AFTER_S


def _was_running(pid: int, moment: float) -> bool:
    """Whether the process runs, and did so at `moment` already: numbers of processes are used again."""
    import psutil

    try:
        return psutil.Process(pid).create_time() <= moment + 1.0
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True


def _machine() -> str:
    """Tells machines apart that share a folder."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def _sync(path: Path) -> None:
    if path.is_dir() and os.name == "nt":
        return  # Windows has no handle on a folder to sync.
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
