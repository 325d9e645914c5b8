"""Bytes of a file in a ZIP."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

MEMBER_NAME = "model.tflite"
"""The same for every file, so that equal files have equal sizes whatever their chains are called."""


def zipped_bytes(path: Path) -> int:
    """The bytes of a ZIP with this file in it, DEFLATE level 9; where pruning and clustering pay."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as opened:
        opened.writestr(MEMBER_NAME, path.read_bytes())
    return archive.tell()
