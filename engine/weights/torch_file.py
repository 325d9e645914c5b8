"""Reads the tensors that `torch.save` wrote, in both of its formats. No PyTorch, and nothing is run.

A ZIP archive with the description `data.pkl` and a file per storage; before PyTorch 1.6 five pickles, and the storages
after them.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from engine.weights.tensor_pickle import SAVE_STATE, NoPlainTensors, tensors_of_pickle
from engine.weights.tensor_view import ITEM_BYTES, TensorView
from engine.weights.unreadable import CUT_SHORT, EMPTY

DESCRIPTION = "data.pkl"
PROGRAM = "constants.pkl"
"""In the archives of TorchScript."""
MAX_DESCRIPTION_BYTES = 64 << 20
"""A network of thousands of layers is described in less than one MiB."""
MAX_ORDER_BYTES = 16
LEGACY_PROTOCOL = 1001
LEGACY_BEGINNING = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
PICKLE, ARCHIVE, HDF5 = b"\x80", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"
COUNT_BYTES = 8
SUFFIXES = (".pth", ".pt", ".bin", ".ckpt", ".tar")
"""Of the files that PyTorch writes; what one holds is seen from its content."""
BIG_ENDIAN = "it was written by a big-endian machine; save it again on another"


@dataclass(frozen=True)
class TorchFile:
    """A file's description, and where the bytes of its storages begin."""

    content: object
    """Containers with a `TensorView` for each tensor."""
    places: dict[str, str | int]
    """Storage → its file in the archive, or its first byte."""


def is_torch_file(path: Path) -> bool:
    """By its content: an archive with a description of tensors, or a pickle; by its name where it is nothing else."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return _member(archive, DESCRIPTION) is not None
    with path.open("rb") as file:
        beginning = file.read(len(HDF5))
    return beginning.startswith(PICKLE) or (path.name.lower().endswith(SUFFIXES) and beginning != HDF5)


def read_torch_file(path: Path) -> TorchFile:
    """
    Raises:
        NoPlainTensors: it holds more than tensors.
        OSError, LookupError, ValueError, TypeError, zipfile.BadZipFile: it is damaged, or not such a file.
    """
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return _of_archive(archive)
    with path.open("rb") as file:
        return _of_pickles(file)


@contextmanager
def torch_bytes(path: Path, file: TorchFile) -> Iterator[Callable[[TensorView], np.ndarray]]:
    """Reads a tensor of the file, float32."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield lambda view: view.array(_of_member(archive, str(file.places[view.storage.key]), view))
    else:
        with path.open("rb") as stream:
            yield lambda view: view.array(_at(stream, int(file.places[view.storage.key]), view))


def _of_archive(archive: zipfile.ZipFile) -> TorchFile:
    described = _member(archive, DESCRIPTION)
    if described is None:
        raise ValueError(f"the archive has no {DESCRIPTION}")
    if _member(archive, PROGRAM) is not None:
        raise NoPlainTensors(f"it holds a program (TorchScript), which is never run; {SAVE_STATE}")
    if described.file_size > MAX_DESCRIPTION_BYTES:
        raise ValueError(f"its description has {described.file_size:,} bytes")
    root = described.filename.removesuffix(DESCRIPTION)
    names = {info.filename: info for info in archive.infolist()}
    order = names.get(f"{root}byteorder")
    if order is not None and (order.file_size > MAX_ORDER_BYTES or archive.read(order).strip() != b"little"):
        raise NoPlainTensors(BIG_ENDIAN)
    content = tensors_of_pickle(io.BytesIO(archive.read(described)))
    places: dict[str, str | int] = {}
    for view in views_in(content):
        info = names.get(f"{root}data/{view.storage.key}")
        if info is None:
            raise ValueError(f"its storage {view.storage.key} is not there")
        # Compressed, a few bytes could stand for gigabytes; PyTorch never compresses.
        if info.compress_type != zipfile.ZIP_STORED:
            raise ValueError("its storages are compressed")
        if info.file_size < view.storage.count * ITEM_BYTES[view.storage.dtype]:
            raise ValueError(CUT_SHORT)
        places[view.storage.key] = info.filename
    return TorchFile(content, places)


def _of_pickles(file: IO[bytes]) -> TorchFile:
    # From memory: a text whose length is a lie cannot be longer than this.
    head = io.BytesIO(file.read(MAX_DESCRIPTION_BYTES))
    beginning = head.read(len(LEGACY_BEGINNING))
    if not beginning:
        raise ValueError(EMPTY)
    is_short = len(beginning) < len(LEGACY_BEGINNING) and LEGACY_BEGINNING.startswith(beginning)
    if is_short or beginning.startswith(ARCHIVE):  # An archive's index is at its end.
        raise ValueError(CUT_SHORT)
    if beginning[8:9] == b"{" and int.from_bytes(beginning[:8], "little") < MAX_DESCRIPTION_BYTES:
        raise ValueError("it is a file of safetensors: let its name end with .safetensors")
    if not beginning.startswith(PICKLE):
        raise ValueError("it is not a file of PyTorch")
    if beginning != LEGACY_BEGINNING:
        raise NoPlainTensors(f"it is a pickle, but not one of torch.save; {SAVE_STATE}")
    if tensors_of_pickle(head) != LEGACY_PROTOCOL:
        raise ValueError("it is of an unknown version of PyTorch's format")
    system = tensors_of_pickle(head)
    if not isinstance(system, dict) or not system.get("little_endian"):
        raise NoPlainTensors(BIG_ENDIAN)
    content = tensors_of_pickle(head)
    keys = tensors_of_pickle(head)
    begin = head.tell()
    length = file.seek(0, os.SEEK_END)
    storages = {view.storage.key: view.storage for view in views_in(content)}
    places: dict[str, str | int] = {}
    for key in keys if isinstance(keys, list) else ():
        storage = storages.get(key) if isinstance(key, str) else None
        if storage is None:
            raise ValueError("it lists a storage that no tensor has")
        size = storage.count * ITEM_BYTES[storage.dtype]
        file.seek(begin)
        count = int.from_bytes(file.read(COUNT_BYTES), "little")
        if count != storage.count or begin + COUNT_BYTES + size > length:
            raise ValueError(CUT_SHORT)
        places[key] = begin + COUNT_BYTES
        begin += COUNT_BYTES + size
    if missing := storages.keys() - places.keys():
        raise ValueError(f"its storage {min(missing)} is not there")
    return TorchFile(content, places)


def views_in(content: object) -> Iterator[TensorView]:
    """All tensors in nested containers, whose number `tensors_of_pickle` has bounded."""
    waiting = [content]
    while waiting:
        part = waiting.pop()
        if isinstance(part, TensorView):
            yield part
        elif isinstance(part, dict | list | tuple):
            waiting.extend(part.values() if isinstance(part, dict) else part)


def _member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo | None:
    """The file of this name in the archive's one folder."""
    found = (info for info in archive.infolist() if info.filename.rpartition("/")[2] == name)
    return next((info for info in found if info.filename.count("/") <= 1), None)


def _of_member(archive: zipfile.ZipFile, name: str, view: TensorView) -> bytes:
    begin, length = view.byte_range
    with archive.open(name) as stream:
        # Read from its beginning to its end, the archive checks what it stores.
        if begin:
            stream.seek(begin)
        return stream.read(length)


def _at(stream: IO[bytes], begin: int, view: TensorView) -> bytes:
    offset, length = view.byte_range
    stream.seek(begin + offset)
    return stream.read(length)
