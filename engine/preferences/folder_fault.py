"""Why a folder cannot hold what the program writes, in one sentence."""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from pathlib import Path

LEAST_FREE_BYTES = 50 * 1024**2
"""Below it not even a small study fits."""


def folder_fault(folder: Path) -> str:
    """Why nothing can be written into a folder; empty where it can be. A folder that is not there yet is not made,
    but what it would be made in is tried.

    It waits for the disk: of a network that is gone, until the system gives up.
    """
    try:
        if folder.exists() and not folder.is_dir():
            return f"{folder} is a file; choose a folder."
        there = next(one for one in (folder, *folder.parents) if one.exists())
    except StopIteration:
        return (
            f"{folder} cannot be reached: its disk or network is not connected; connect it, or choose another folder."
        )
    except OSError as error:
        return f"{folder} cannot be reached ({error.strerror}); connect its disk, or choose another folder."
    if not there.is_dir():
        return f"{folder} cannot be made, because {there} is a file; choose another folder."
    if folder.parent != there and folder != there:
        return f"There is no folder {folder.parent}; check the path, or connect its disk."
    probe = there / f".writable-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    try:
        probe.write_bytes(b"\0")
    except OSError as error:
        return f"{there} cannot be written ({error.strerror}); choose another folder, or change its permissions."
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)
    return _full(there)


def _full(folder: Path) -> str:
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return ""
    if free >= LEAST_FREE_BYTES:
        return ""
    return f"The disk of {folder} has only {free // 1024**2} MiB free; free some, or choose another folder."
