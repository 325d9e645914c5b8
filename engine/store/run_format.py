"""The version of a run's folder, and bringing an earlier one up to date: copies first, the version last.

A process that is ended in between leaves the copies and no new version, so that the next one begins again from them.
"""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

from filelock import FileLock

from engine.contract.errors import DataError
from engine.launch.program import VERSION
from engine.store.durable_file import appearing_folder, write_durably
from engine.store.kept_format import RUN_FORMAT, refuse_newer
from engine.store.migrations import RUN_MIGRATIONS

FORMAT_FILE = "run.json"
FORMAT_KEY = "format"
LOCK_FILE = ".format.lock"
ADDED_FILE = "added.txt"
"""Among the copies: the files that the earlier version did not have, one per line."""
LOCK_S = 30.0
EVENTS = "events.jsonl"
CLOSING = (b'"run_finished"', b'"run_failed"', b'"run_cancelled"')
QUIET_S = 600.0
"""An engine of an earlier version may still write into a run that has not ended and was written to this lately."""


def note_run_format(directory: Path, version: int = RUN_FORMAT.version) -> None:
    """Say in a run's folder which version its files have.

    Raises:
        OSError: it cannot be written.
    """
    write_durably(directory / FORMAT_FILE, json.dumps({FORMAT_KEY: version, "nutshell": VERSION}, indent=1) + "\n")


def run_format(directory: Path) -> int:
    """The version of a run's folder.

    Raises:
        DataError: the file that says it is damaged.
    """
    file = directory / FORMAT_FILE
    try:
        version = json.loads(file.read_bytes())[FORMAT_KEY]
    except FileNotFoundError:
        return 1
    except (OSError, ValueError, KeyError, TypeError):
        version = None
    if not isinstance(version, int) or version < 1:
        raise DataError(
            f"{file} is damaged, so it is not known which version of the program made this run; put back the file "
            f'with {{"{FORMAT_KEY}": {RUN_FORMAT.version}}} where it was this one.'
        )
    return version


def kept_copies(directory: Path, version: int) -> Path:
    """Where the files that a migration changes are kept as that version wrote them."""
    return directory / f"format-{version}"


def bring_run_up_to_date(directory: Path) -> str:
    """Change a run of an earlier version so that this one reads all of it; does nothing where nothing has to change.

    Returns:
        Why it stays as it is, as a sentence, where its folder cannot be written: then it is read as far as it can be.
        Empty else.

    Raises:
        DataError: a later version has made the run, or it is not known which.
    """
    if _is_current(directory) or _may_be_in_progress(directory):
        return ""
    try:
        with FileLock(directory / LOCK_FILE, timeout=LOCK_S):
            # Another process may have been first.
            while not _is_current(directory):
                _migrate(directory, run_format(directory))
        (directory / LOCK_FILE).unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or "another process holds it"
        return (
            f"This run is of an earlier version, and its folder {directory} cannot be written ({reason}), so it is "
            "shown as it is: what that version told in another way may be missing."
        )
    return ""


def _may_be_in_progress(directory: Path) -> bool:
    try:
        file = directory / EVENTS
        last = file.read_bytes().rstrip(b"\n").rpartition(b"\n")[2]
        return not any(one in last for one in CLOSING) and time.time() - file.stat().st_mtime < QUIET_S
    except OSError:
        return False


def _is_current(directory: Path) -> bool:
    version = run_format(directory)
    refuse_newer(RUN_FORMAT, version, directory)
    return version == RUN_FORMAT.version


def _migrate(directory: Path, version: int) -> None:
    """To the next version."""
    copies = kept_copies(directory, version)
    added = (copies / ADDED_FILE).read_text(encoding="utf-8").splitlines() if copies.is_dir() else []

    def read(name: str) -> bytes | None:
        """As the earlier version wrote it, also where an attempt that was cut off has changed it already."""
        file = copies / name if (copies / name).is_file() else directory / name
        return file.read_bytes() if name not in added and file.is_file() else None

    changed = RUN_MIGRATIONS[version](read)
    if changed and not copies.is_dir():
        with appearing_folder(copies) as temporary:
            there = [name for name in changed if (directory / name).is_file()]
            for name in there:
                (temporary / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(directory / name, temporary / name)
            (temporary / ADDED_FILE).write_text("\n".join(set(changed) - set(there)), encoding="utf-8")
    for name, content in changed.items():
        write_durably(directory / name, content)
    note_run_format(directory, version + 1)
