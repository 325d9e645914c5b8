"""Images in an array file: read a batch at a time, so that memory does not grow with them."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np


class StoredImages:
    """Read-only images of an `.npy` file, shape (n, height, width) or (n, height, width, channels), uint8 or uint16.

    Indexed by rows as an array is, and each time read from the file. A memory map would be as fast, but the pages it
    has touched count as the process's own memory: after an epoch that is the whole dataset. Threads may share it.
    """

    def __init__(self, path: Path) -> None:
        """
        Raises:
            OSError, ValueError: the file is missing, damaged, or holds no images.
        """
        self._stream = path.open("rb", buffering=0)
        if np.lib.format.read_magic(self._stream) != (1, 0):
            raise ValueError(f"{path} is of another version of the format")
        self.shape, fortran_order, self.dtype = np.lib.format.read_array_header_1_0(self._stream)
        if len(self.shape) not in {3, 4} or self.dtype not in (np.uint8, np.uint16):
            raise ValueError(f"{path} holds no images")
        if fortran_order:
            raise ValueError(f"{path} is stored column by column")
        self._start = self._stream.tell()
        self._image_bytes = int(np.prod(self.shape[1:])) * self.dtype.itemsize
        if path.stat().st_size != self._start + len(self) * self._image_bytes:
            raise ValueError(f"{path} is cut off")
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, rows: int | slice | np.ndarray) -> np.ndarray:
        """One image for a number, else the images of a slice or of an array of rows, in that order.

        Raises:
            IndexError: there is no such row.
        """
        if isinstance(rows, int | np.integer):
            return self._read(np.asarray([rows]))[0]
        return self._read(np.arange(len(self))[rows] if isinstance(rows, slice) else np.asarray(rows, dtype=np.int64))

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        """All of them, in memory."""
        return self[:].astype(dtype or self.dtype, copy=False)

    def _read(self, rows: np.ndarray) -> np.ndarray:
        if len(rows) and (rows.min() < -len(self) or rows.max() >= len(self)):
            raise IndexError(f"there are {len(self)} images, and one of {rows} was asked for")
        images = np.empty((len(rows), *self.shape[1:]), dtype=self.dtype)
        with self._lock:
            for image, row in zip(images, rows % max(len(self), 1), strict=True):
                self._stream.seek(self._start + int(row) * self._image_bytes)
                self._fill(memoryview(image).cast("B"))
        return images

    def _fill(self, target: memoryview) -> None:
        while target:
            count = self._stream.readinto(target)
            if not count:
                raise OSError("The file with the decoded images was cut off while it was read.")
            target = target[count:]
