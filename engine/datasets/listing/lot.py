"""The lot that decides in which order images are divided."""

from __future__ import annotations

import hashlib
from pathlib import Path


def lot(seed: int, path: str) -> bytes:
    """By the folder of the class and the name of the file only: the same images elsewhere are divided alike."""
    name = "/".join(Path(path).parts[-2:])
    return hashlib.sha256(f"{seed}\0{name}".encode()).digest()
