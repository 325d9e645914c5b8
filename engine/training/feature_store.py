"""Keeps the features of a frozen base on the disk: one folder per base and images, complete or absent, hashed."""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.store.durable_file import appearing_folder, write_durably
from engine.store.file_hash import file_hash
from engine.store.locations import Locations
from engine.store.use_marks import mark_used

FEATURES_FILE = "features.npy"
HASH_FILE = "features.sha256"
MAX_SHARE_OF_FREE_DISK = 0.5


def features_key(*parts: object) -> str:
    """SHA-256 of all that features depend on: arrays by their bytes, anything else by its JSON or its text."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            digest.update(f"{part.dtype.str}{part.shape}".encode())
            digest.update(np.ascontiguousarray(part).data)
        else:
            digest.update(json.dumps(part, sort_keys=True, default=str).encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class FeatureStore:
    """The features of one base for some images, float32 (n, …)."""

    folder: Path
    """Among the decoded images: what is cleared there when it is full can be computed again, and so can this."""
    shape: tuple[int, ...]

    @property
    def bytes(self) -> int:
        return int(np.prod(self.shape)) * np.dtype(np.float32).itemsize

    @property
    def free_bytes(self) -> int:
        """Of the disk; with what is stored there already left out."""
        parent = self.folder.parent
        parent.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(parent).free

    @property
    def has_room(self) -> bool:
        return self.bytes <= self.free_bytes * MAX_SHARE_OF_FREE_DISK

    def opened(self) -> np.ndarray | None:
        """The features, mapped into memory; None where there are none that are whole. Every byte is checked."""
        mark_used(self.folder, Locations(self.folder.parent.parent).locks)
        file = self.folder / FEATURES_FILE
        try:
            if file_hash(file) != (self.folder / HASH_FILE).read_text(encoding="ascii"):
                return None
            features: np.ndarray = np.load(file, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError):
            return None
        return features if features.shape == self.shape and features.dtype == np.float32 else None

    def put_damaged_aside(self) -> Path | None:
        """Give features that are not as they were written another name; None where there were none."""
        if not self.folder.exists():
            return None
        return self.folder.rename(self.folder.with_name(f"{self.folder.name}.damaged-{uuid.uuid4().hex[:8]}"))

    def write(self, batches: Iterator[np.ndarray]) -> None:
        """Store the batches one after the other, which are all rows in order.

        Raises:
            OSError: the disk is full.
        """
        with appearing_folder(self.folder) as temporary:
            file = temporary / FEATURES_FILE
            with file.open("wb") as stream:
                header = {"descr": "<f4", "fortran_order": False, "shape": self.shape}
                np.lib.format.write_array_header_1_0(stream, header)
                for batch in batches:
                    stream.write(np.ascontiguousarray(batch, dtype="<f4").data)
            write_durably(temporary / HASH_FILE, file_hash(file))
