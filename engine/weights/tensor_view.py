"""Where a tensor lies in the numbers of a file, checked before anything is read or allocated."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from engine.weights.stored_layer import Shape

ITEM_BYTES = {
    "float64": 8, "float32": 4, "float16": 2, "bfloat16": 2,
    "int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1, "bool": 1,
}  # fmt: skip
FLOATS = frozenset({"float64", "float32", "float16", "bfloat16"})


@dataclass(frozen=True)
class TensorStorage:
    """A row of numbers, which several tensors may share."""

    key: str
    dtype: str
    """Of `ITEM_BYTES`."""
    count: int


@dataclass(frozen=True)
class TensorView:
    """A tensor of a file: which of a storage's numbers are its own.

    Raises:
        ValueError: it reaches beyond its storage, or is larger than that.
    """

    storage: TensorStorage
    offset: int
    """In numbers, not bytes."""
    shape: Shape
    strides: tuple[int, ...]
    """In numbers."""

    def __post_init__(self) -> None:
        numbers = (self.offset, *self.shape, *self.strides)
        if not all(type(one) is int and one >= 0 for one in numbers) or len(self.shape) != len(self.strides):
            raise ValueError("a tensor has a shape that is none")
        if prod(self.shape) > self.storage.count or self.offset + self.span > self.storage.count:
            raise ValueError("a tensor is larger than the numbers that are stored for it")

    @property
    def span(self) -> int:
        """From the first of its numbers to the last, counted in the storage."""
        if 0 in self.shape:
            return 0
        return 1 + sum((side - 1) * stride for side, stride in zip(self.shape, self.strides, strict=True))

    @property
    def byte_range(self) -> tuple[int, int]:
        """Where its bytes begin in the storage, and how many there are."""
        item = ITEM_BYTES[self.storage.dtype]
        return self.offset * item, self.span * item

    def array(self, stored: bytes) -> np.ndarray:
        """The tensor, float32.

        Args:
            stored: the bytes of `byte_range`.

        Raises:
            ValueError: they are too few.
        """
        flat = floats(stored, self.storage.dtype)
        if len(flat) != self.span:
            raise ValueError("it is cut short")
        steps = tuple(stride * flat.itemsize for stride in self.strides)
        return np.lib.stride_tricks.as_strided(flat, self.shape, steps, writeable=False).copy()


def floats(stored: bytes, dtype: str) -> np.ndarray:
    """Little-endian numbers of `FLOATS` as float32, in a row.

    Raises:
        ValueError: they are of another type.
    """
    if dtype not in FLOATS:
        raise ValueError(f"it holds weights of the type {dtype}; save them as floating point numbers")
    if dtype == "bfloat16":  # The upper half of a float32.
        return (np.frombuffer(stored, "<u2").astype(np.uint32) << 16).view(np.float32)
    with np.errstate(over="ignore"):  # What is beyond float32 becomes infinite, which is refused where it is used.
        return np.frombuffer(stored, np.dtype(dtype).newbyteorder("<")).astype(np.float32)
