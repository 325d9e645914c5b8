"""The hashes of a finished run's files, which verify them when they are shown again."""

from __future__ import annotations

import json
from pathlib import Path

from engine.store.durable_file import write_durably
from engine.store.file_hash import file_hash
from engine.store.run_format import FORMAT_FILE

HASHES_FILE = "hashes.json"
"""File, relative to the run's directory → SHA-256."""
GROWING = frozenset(
    {HASHES_FILE, FORMAT_FILE, "engine.log", "events.jsonl", "events.digests", "notes.json", "commands.jsonl"}
)
"""Files that are written until the end, or by later versions; the events have digests of their own."""


def write_run_hashes(directory: Path) -> None:
    """Note the hash of every file that the run made."""
    files = (file for file in sorted(directory.rglob("*")) if file.is_file() and file.name not in GROWING)
    hashes = {file.relative_to(directory).as_posix(): file_hash(file) for file in files}
    write_durably(directory / HASHES_FILE, json.dumps(hashes, indent=1))


def drop_run_hashes(directory: Path) -> None:
    """Forget the hashes of a run that is resumed: its files change until it ends again."""
    (directory / HASHES_FILE).unlink(missing_ok=True)


def is_damaged(directory: Path, file: Path) -> bool:
    """Whether a file of a finished run is not as it was written; False where nothing is known, as of a live run.

    Raises:
        OSError: the file cannot be read.
    """
    try:
        known = json.loads((directory / HASHES_FILE).read_bytes())
        expected = known.get(file.relative_to(directory).as_posix())
    except FileNotFoundError:
        return False
    except (OSError, ValueError, AttributeError):
        return True
    return expected is not None and file_hash(file) != expected
