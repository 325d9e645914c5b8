"""Writes images one after the other into an `.npy` file whose length and depth are known only at the end."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np

COPIED_AT_ONCE = 64
"""Images."""
WIDENING = 257
"""Takes 255 to 65535."""


class ImageWriter:
    """Appends to an `.npy` file of shape (count, height, width, channels), as a context manager.

    The file is uint8 until the first 16-bit image comes; what was written is widened then, so that no depth is lost.
    It is written as a stream and not through a memory map: a full disk is an `OSError` then, where a map would end
    the process, and no map is open when the file is renamed, which Windows refuses.
    """

    def __init__(self, path: Path, image_shape: tuple[int, int, int]) -> None:
        self._path = path
        self._image_shape = image_shape
        self._dtype: np.dtype = np.dtype(np.uint8)
        self._count = 0
        self._written = path
        self._stream: BinaryIO = path.open("wb")

    def __enter__(self) -> ImageWriter:
        self._write_header()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stream:
            if error is None:
                self._write_header()
        if error is None and self._written != self._path:
            self._written.replace(self._path)

    def append(self, pixels: np.ndarray) -> None:
        """Add one image of the writer's shape, uint8 or uint16."""
        assert pixels.shape == self._image_shape, f"{pixels.shape} among images of {self._image_shape}"
        if pixels.dtype == np.uint16 and self._dtype == np.uint8:
            self._widen()
        self._stream.write(_at_depth(pixels, self._dtype).tobytes())
        self._count += 1

    def _write_header(self) -> None:
        # NumPy leaves room for the first axis to grow, so the header with the final count has the same length.
        self._stream.seek(0)
        description = {
            "descr": np.lib.format.dtype_to_descr(self._dtype),
            "fortran_order": False,
            "shape": (self._count, *self._image_shape),
        }
        np.lib.format.write_array_header_1_0(self._stream, description)

    def _widen(self) -> None:
        with self._stream:
            data_start = self._stream.tell() - self._count * int(np.prod(self._image_shape))
        narrow, self._written = self._written, self._path.with_suffix(".wide")
        self._dtype = np.dtype(np.uint16)
        self._stream = self._written.open("wb")
        self._write_header()
        with narrow.open("rb") as stream:
            stream.seek(data_start)
            while part := stream.read(COPIED_AT_ONCE * int(np.prod(self._image_shape))):
                self._stream.write(_at_depth(np.frombuffer(part, np.uint8), self._dtype).tobytes())
        narrow.unlink()


def _at_depth(pixels: np.ndarray, dtype: np.dtype) -> np.ndarray:
    return pixels if pixels.dtype == dtype else pixels.astype(np.uint16) * np.uint16(WIDENING)
