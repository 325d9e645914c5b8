"""The hash that verifies a stored file."""

from __future__ import annotations

import hashlib
from pathlib import Path


def file_hash(file: Path) -> str:
    """SHA-256 of a file's content, 64 digits.

    Raises:
        OSError: it cannot be read.
    """
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
