"""A file to decode: where it lies, or its bytes, such as those of a member of an archive that stays packed."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

FileContent = Path | bytes
"""Of a path no more is read than is needed, by maps where a library makes some; bytes are not copied."""


def opened(file: FileContent) -> BinaryIO:
    """The file from its beginning.

    Raises:
        OSError: it cannot be read.
    """
    return io.BytesIO(file) if isinstance(file, bytes) else file.open("rb")


def path_or_stream(file: FileContent) -> Path | BinaryIO:
    """What libraries take for a file that they open themselves."""
    return io.BytesIO(file) if isinstance(file, bytes) else file


def whole_content(file: FileContent) -> bytes:
    """All of it.

    Raises:
        OSError: it cannot be read.
    """
    return file if isinstance(file, bytes) else file.read_bytes()


def is_empty(file: FileContent) -> bool:
    """Whether it has no byte.

    Raises:
        OSError: it is not there.
    """
    return not (file if isinstance(file, bytes) else file.stat().st_size)
