"""Files that appear whole or not at all: written under a temporary name, synced, then renamed."""

from __future__ import annotations

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
"""A temporary folder of nobody known here, such as of another machine, is abandoned when it rested this long."""

SYNCED_AT_ONCE = 8
"""Files. A file system writes its journal once for all that wait for it: twenty times as fast as one by one."""


@contextmanager
def appearing_file(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`; what the block wrote there takes the name `path` at the end.

    On an error the temporary file is removed and `path` is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
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
    remove_abandoned_folders(path.parent)
    temporary = path.with_name(f".{path.name}.{_machine()}-{os.getpid()}-{uuid.uuid4().hex[:8]}.part")
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


def remove_abandoned_folders(parent: Path) -> None:
    """Remove the temporary folders in `parent` whose process is gone; one that cannot be removed stays."""
    for folder in parent.glob(".*.part"):
        if folder.is_dir() and _is_abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_abandoned(folder: Path) -> bool:
    owner = re.search(r"\.([0-9a-f]+)-(\d+)-[0-9a-f]{8}\.part$", folder.name)
    try:
        made = folder.stat().st_mtime
        if owner and owner[1] == _machine():
            return not _was_running(int(owner[2]), made)
        touched = max([made, *(file.stat().st_mtime for file in folder.iterdir())])
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
