"""Reads the variables of a TensorFlow checkpoint, a "tensor bundle". No TensorFlow, and nothing is run.

`<prefix>.index` is a sorted table in LevelDB's format from a variable's key to where its bytes lie in
`<prefix>.data-00000-of-00001`, or in one of several such files.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.weights.tensorflow_messages import parsed

if TYPE_CHECKING:
    from google.protobuf.message import Message

FOOTER_BYTES = 48
TABLE_MAGIC = 0xDB4775248B80FB57
BLOCK_TRAILER_BYTES = 5
CHECKSUM_BYTES = 4
LITTLE_ENDIAN = 0
# Of TensorFlow's `DataType`.
FLOATS: dict[int, np.dtype[np.floating]] = {1: np.dtype("<f4"), 2: np.dtype("<f8"), 19: np.dtype("<f2")}
STRING = 7


@dataclass(frozen=True)
class TensorBundle:
    """A checkpoint: its variables' shapes, and their numbers on demand."""

    prefix: Path
    """The path of its files less ".index"."""
    shards: int
    entries: dict[str, Message]
    """Key → `BundleEntry`."""

    def shape(self, key: str) -> tuple[int, ...]:
        return tuple(side.size for side in self.entries[key].shape.dim)

    def array(self, key: str) -> np.ndarray:
        """A variable of floats, float32.

        Raises:
            ValueError: it has no floats, or the file is cut short.
        """
        entry = self.entries[key]
        if entry.dtype not in FLOATS:
            raise ValueError(f'variable "{key}" has no floating point numbers')
        flat = np.frombuffer(self._bytes(entry), FLOATS[entry.dtype])
        return flat.astype(np.float32).reshape(self.shape(key))

    def text(self, key: str) -> bytes:
        """A variable that is one string of bytes."""
        entry = self.entries[key]
        if entry.dtype != STRING or self.shape(key):
            raise ValueError(f'variable "{key}" is no single string')
        stored = self._bytes(entry)
        length, start = _varint(stored, 0)
        return stored[start + CHECKSUM_BYTES :][:length]

    def _bytes(self, entry: Message) -> bytes:
        with Path(f"{self.prefix}.data-{entry.shard_id:05d}-of-{self.shards:05d}").open("rb") as file:
            length = file.seek(0, os.SEEK_END)
            if not 0 <= entry.offset <= entry.offset + entry.size <= length:
                raise ValueError(f"{file.name} is cut short")
            file.seek(entry.offset)
            return file.read(entry.size)


def read_tensor_bundle(prefix: Path) -> TensorBundle:
    """A checkpoint by the path of its files less ".index".

    Raises:
        OSError: it cannot be read.
        ValueError: it is no checkpoint.
    """
    table = dict(_table(Path(f"{prefix}.index").read_bytes()))
    header = parsed("BundleHeader", table.pop(b"", b""))
    if header.endianness != LITTLE_ENDIAN:
        raise ValueError("the checkpoint was written by a big-endian machine")
    entries = {key.decode(): parsed("BundleEntry", value) for key, value in table.items()}
    return TensorBundle(prefix, header.num_shards, entries)


def _table(stored: bytes) -> Iterator[tuple[bytes, bytes]]:
    footer = stored[-FOOTER_BYTES:]
    if len(footer) < FOOTER_BYTES or struct.unpack("<Q", footer[-8:])[0] != TABLE_MAGIC:
        raise ValueError("the checkpoint's index is damaged")
    _, start = _handle(footer, 0)
    index, _ = _handle(footer, start)
    for _, handle in _block(stored, index):
        yield from _block(stored, _handle(handle, 0)[0])


def _block(stored: bytes, handle: tuple[int, int]) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of one block: a key begins as the one before it does, as far as that saves bytes."""
    offset, size = handle
    block = stored[offset : offset + size]
    if len(stored) < offset + size + BLOCK_TRAILER_BYTES or size < 4 or stored[offset + size]:
        raise ValueError("the checkpoint's index is damaged or compressed")
    end = size - 4 * (1 + struct.unpack("<I", block[-4:])[0])
    place, key = 0, b""
    while place < end:
        shared, place = _varint(block, place)
        own, place = _varint(block, place)
        length, place = _varint(block, place)
        key = key[:shared] + block[place : place + own]
        place += own
        yield key, block[place : place + length]
        place += length


def _handle(stored: bytes, place: int) -> tuple[tuple[int, int], int]:
    """Where a block lies, and where the handle ends."""
    offset, place = _varint(stored, place)
    size, place = _varint(stored, place)
    return (offset, size), place


def _varint(stored: bytes, place: int) -> tuple[int, int]:
    """A number of seven bits per byte, and where it ends."""
    value = shift = 0
    while True:
        if place >= len(stored):
            raise ValueError("the checkpoint's index is damaged")
        byte = stored[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place
