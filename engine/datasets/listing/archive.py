"""Unpacks archives into the cache: each into its own folder, completely or not at all, and nothing outside of it."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path, PureWindowsPath
from typing import IO

from engine.contract.errors import DataError, NutshellError
from engine.contract.path_need import PathNeed
from engine.contract.progress import UNWATCHED, Progress
from engine.datasets.files.printable import printable
from engine.datasets.listing.folder_tree import is_hidden
from engine.store.durable_file import appearing_folder

ARCHIVE_SUFFIXES = (".zip", ".tar.gz", ".tgz", ".tar")
FOLDER_OR_ARCHIVE = PathNeed(folder=True, suffixes=ARCHIVE_SUFFIXES, file_noun="archive")
ZIP_SUFFIXES = (".zip", ".npz")

LARGEST_RATIO = 200
"""Of bytes unpacked to bytes packed; images and arrays of them stay far below, decompression bombs go far above."""
ALWAYS_ALLOWED_BYTES = 64 * 2**20
"""What any archive may unpack to, whatever its ratio."""
UTF8_FLAG = 0x800
"""Of a member of a .zip."""
MAX_ENTRIES = 2_000_000
KEPT_FREE_BYTES = 256 * 2**20
"""On the cache's disk."""
COPIED_AT_ONCE = 2**20
TOLD_EVERY = 200
"""Entries between two calls of `progress`."""
FORBIDDEN_ON_WINDOWS = frozenset('<>:"|?*')
"""A colon would name a hidden stream of another file there."""


def archive_folder(archive: Path, cache: Path) -> Path:
    """Where `unpacked` puts an archive's content: its path, size and time name the folder."""
    status = archive.stat()
    name = hashlib.sha256(f"{archive}\0{status.st_size}\0{status.st_mtime_ns}".encode(errors="replace")).hexdigest()
    return cache / f"unpacked-{name[:32]}"


def unpacked(archive: Path, cache: Path, progress: Progress = UNWATCHED) -> Path:
    """The folder in `cache` with the content of a .zip, .npz or (compressed) tar file; unpacked where it is not there.

    The files have the archive's own time, so that a changed archive is seen to have changed. What belongs to an
    operating system (`__MACOSX`, hidden files) is left out.

    Args:
        archive: absolute; its path, size and time name the folder.
        progress: called with (entries done, 0) now and then; what it raises ends the work and leaves nothing behind.

    Raises:
        DataError: the archive is damaged, locked, a decompression bomb, or holds what would not stay in its folder.
    """
    status, folder = archive.stat(), archive_folder(archive, cache)
    if folder.is_dir():
        return folder
    try:
        with appearing_folder(folder) as temporary:
            _Unpacking(archive, status, temporary, progress).unpack()
    except (NutshellError, MemoryError):
        raise
    except NotImplementedError:
        raise DataError(f"The archive {archive} is packed in an unusual way; {_BY_HAND}") from None
    except Exception as error:  # noqa: BLE001 - a damaged archive makes its readers raise nearly anything
        if not isinstance(error, OSError) or isinstance(error, gzip.BadGzipFile):
            raise DataError(
                f"The archive {archive} is damaged or cut off ({printable(error)}); get it again."
            ) from None
        raise DataError(
            f"The archive {archive} cannot be unpacked into {cache} ({error.strerror or error}); free some space "
            "there, or choose another runs directory."
        ) from None
    return folder


_BY_HAND = "unpack it yourself, and choose the folder."


@dataclass(frozen=True)
class _Entry:
    name: str
    is_folder: bool
    is_file: bool
    open: Callable[[], IO[bytes] | None]


class _Unpacking:
    """One archive on its way into one folder."""

    def __init__(self, archive: Path, status: os.stat_result, folder: Path, progress: Progress) -> None:
        self._archive = archive
        self._time_ns = status.st_mtime_ns
        self._folder = folder
        self._progress = progress
        self._most_bytes = max(ALWAYS_ALLOWED_BYTES, LARGEST_RATIO * status.st_size)
        self._free_bytes = shutil.disk_usage(folder).free - KEPT_FREE_BYTES

    def unpack(self) -> None:
        with ExitStack() as open_things:
            is_zip = self._archive.name.lower().endswith(ZIP_SUFFIXES)
            entries = self._of_zip(open_things) if is_zip else self._of_tar(open_things)
            for done, entry in enumerate(entries):
                if done % TOLD_EVERY == 0:
                    self._progress.report(done, 0)
                if done >= MAX_ENTRIES:
                    raise DataError(f"The archive {self._archive} holds more than {MAX_ENTRIES:,} entries; {_BY_HAND}")
                self._write(entry)

    def _of_zip(self, open_things: ExitStack) -> Iterator[_Entry]:
        archive = open_things.enter_context(zipfile.ZipFile(self._archive))
        members = archive.infolist()
        # No more than this is ever written: reading a member ends at the size that it declares.
        self._refuse_if_too_large(sum(member.file_size for member in members))
        for member in members:
            if member.flag_bits & 1:
                raise DataError(f"The archive {self._archive} is locked with a password; {_BY_HAND}")
            kind = stat.S_IFMT(member.external_attr >> 16)
            plain = kind in {0, stat.S_IFREG}
            yield _Entry(_zip_name(member), member.is_dir(), plain, lambda member=member: archive.open(member))  # type: ignore[misc]

    def _of_tar(self, open_things: ExitStack) -> Iterator[_Entry]:
        packed = self._archive.name.lower().endswith("gz")
        opened = gzip.open if packed else Path.open
        stream = open_things.enter_context(opened(self._archive, "rb"))
        bounded = _BoundedReader(stream, self._refuse_if_too_large)
        # As a stream: what lies between the members, such as a name of gigabytes, is bounded too.
        archive = open_things.enter_context(tarfile.TarFile.open(fileobj=bounded, mode="r|"))  # type: ignore[call-overload]
        for member in archive:
            yield _Entry(
                member.name,
                member.isdir(),
                member.isreg(),
                lambda member=member: archive.extractfile(member),  # type: ignore[misc]
            )

    def _write(self, entry: _Entry) -> None:
        parts = self._parts(entry)
        if entry.is_folder or not parts or any(is_hidden(part) for part in parts):
            return
        if not entry.is_file:
            raise DataError(
                f'The archive {self._archive} holds a link or device, "{printable(entry.name)}"; {_BY_HAND}'
            )
        target = self._folder.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        stream = entry.open()
        assert stream is not None, "a plain file has content"
        with stream, target.open("wb") as written:
            shutil.copyfileobj(stream, written, COPIED_AT_ONCE)
        os.utime(target, ns=(self._time_ns, self._time_ns))

    def _parts(self, entry: _Entry) -> list[str]:
        """The entry's path below the folder; archives made on Windows may have backslashes in it."""
        name = entry.name
        parts = [part for part in re.split(r"[/\\]", name) if part not in {"", "."}]
        outside = name.startswith(("/", "\\")) or ".." in parts or PureWindowsPath(name).drive
        if outside or (os.name == "nt" and FORBIDDEN_ON_WINDOWS & set(name)):
            raise DataError(
                f'The archive {self._archive} holds the entry "{printable(name)}", which would be written outside of '
                "its folder; do not trust the archive, and get another copy."
            )
        return parts

    def _refuse_if_too_large(self, unpacked_bytes: int) -> None:
        if unpacked_bytes > self._most_bytes:
            raise DataError(
                f"The archive {self._archive} unpacks to more than {LARGEST_RATIO} times its size, as decompression "
                f"bombs do; if you trust it, {_BY_HAND}"
            )
        if unpacked_bytes > self._free_bytes:
            raise DataError(
                f"The archive {self._archive} needs more room than there is on the disk of the cache "
                f"({max(self._free_bytes, 0) / 2**20:,.0f} MiB); free some space, or choose another runs directory."
            )


def _zip_name(member: zipfile.ZipInfo) -> str:
    """The member's name; macOS writes UTF-8 without the flag that says so, and Python then reads CP437."""
    if member.flag_bits & UTF8_FLAG:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return member.filename


class _BoundedReader:
    """Reads a stream, and has each number of bytes read so far judged."""

    def __init__(self, stream: BufferedIOBase, judge: Callable[[int], None]) -> None:
        self._stream = stream
        self._judge = judge
        self._count = 0

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._count += len(data)
        self._judge(self._count)
        return data
