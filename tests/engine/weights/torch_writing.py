"""Writes what `torch.save` writes, operation by operation, without PyTorch: so a test says each byte that it means."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

STORAGES = {"<f4": "FloatStorage", "<f2": "HalfStorage", "<f8": "DoubleStorage", "<i8": "LongStorage"}
MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
PROTOCOL = b"\x80\x02M\xe9\x03."


def text(value: str) -> bytes:
    """A text in a pickle."""
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def whole(value: int) -> bytes:
    """A number in a pickle."""
    return b"J" + struct.pack("<i", value)


def numbers(values: tuple[int, ...]) -> bytes:
    """A tuple of numbers in a pickle."""
    return b"(" + b"".join(map(whole, values)) + b"t"


def tensor(
    storage: str, key: str, count: int, shape: tuple[int, ...], strides: tuple[int, ...], offset: int = 0
) -> bytes:
    """A tensor in a pickle, as a view of a storage."""
    described = b"(" + text("storage") + f"ctorch\n{storage}\n".encode() + text(key) + text("cpu") + whole(count) + b"t"
    rest = whole(offset) + numbers(shape) + numbers(strides) + b"\x89" + b"ccollections\nOrderedDict\n)R"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + described + b"Q" + rest + b"tR"


def dictionary(entries: Mapping[str, bytes]) -> bytes:
    """An `OrderedDict` in a pickle."""
    return b"ccollections\nOrderedDict\n)R(" + b"".join(text(name) + value for name, value in entries.items()) + b"u"


def rows(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of an array that lies row by row."""
    return tuple(int(np.prod(shape[axis + 1 :])) for axis in range(len(shape)))


def described(arrays: Mapping[str, np.ndarray]) -> dict[str, bytes]:
    """Each array as a tensor in a pickle, on a storage of its own that is called by its place."""
    return {
        name: tensor(STORAGES[array.dtype.str], str(place), array.size, array.shape, rows(array.shape))
        for place, (name, array) in enumerate(arrays.items())
    }


def write_archive(
    path: Path, pickle: bytes, storages: Mapping[str, bytes], more: Mapping[str, bytes] | None = None
) -> None:
    """The format since PyTorch 1.6."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02" + pickle + b".")
        for name, content in {"byteorder": b"little", "version": b"3\n", **(more or {})}.items():
            archive.writestr(f"archive/{name}", content)
        for key, content in storages.items():
            archive.writestr(f"archive/data/{key}", content)


def save(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """As `torch.save(state_dict, path)`."""
    storages = {str(place): array.tobytes() for place, array in enumerate(arrays.values())}
    write_archive(path, dictionary(described(arrays)), storages)


def save_legacy(path: Path, arrays: Mapping[str, np.ndarray], little_endian: bool = True) -> None:
    """As PyTorch before 1.6 did."""
    endian = b"\x88" if little_endian else b"\x89"
    system = b"\x80\x02}(" + text("protocol_version") + b"M\xe9\x03" + text("little_endian") + endian + b"u."
    # Old files have a sixth value in a storage's description.
    entries = {name: value.replace(b"tQ", b"NtQ") for name, value in described(arrays).items()}
    keys = b"\x80\x02](" + b"".join(text(str(place)) for place in range(len(arrays))) + b"e."
    stored = b"".join(struct.pack("<q", array.size) + array.tobytes() for array in arrays.values())
    path.write_bytes(MAGIC + PROTOCOL + system + b"\x80\x02" + dictionary(entries) + b"." + keys + stored)
