"""A run's events as lines of JSON, each with its digest in a second file, which verifies it when it is read."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from types import TracebackType

from engine.store.durable_file import write_durably

DIGEST_DIGITS = 16


def digests_file(events: Path) -> Path:
    """The file beside `events` with one digest per line."""
    return events.with_suffix(".digests")


def line_digest(line: bytes) -> str:
    """Of a line without its end."""
    return hashlib.sha256(line).hexdigest()[:DIGEST_DIGITS]


def _cut_to_whole_lines(path: Path) -> None:
    """Take away the half of a line that a killed run left, so that the next one stands in a line of its own."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return
    whole = text[: text.rfind(b"\n") + 1]
    digests = digests_file(path).read_bytes() if digests_file(path).is_file() else b""
    lines = digests.split(b"\n")[:-1][: whole.count(b"\n")]
    # A line may have been written without its digest.
    lines += [line_digest(line).encode() for line in whole.split(b"\n")[:-1][len(lines) :]]
    if whole != text:
        os.truncate(path, len(whole))
    write_durably(digests_file(path), b"".join(line + b"\n" for line in lines))


class EventFile:
    """Appends line by line, so that a killed run loses none; a context manager."""

    def __init__(self, path: Path) -> None:
        _cut_to_whole_lines(path)
        self._lines = path.open("a", encoding="utf-8", buffering=1, newline="\n")
        self._digests = digests_file(path).open("a", encoding="ascii", buffering=1, newline="\n")

    def __enter__(self) -> EventFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lines.close()
        self._digests.close()

    def append(self, line: str) -> None:
        """Add a line.

        Raises:
            OSError: the disk is full.
        """
        self._lines.write(f"{line}\n")
        self._digests.write(f"{line_digest(line.encode())}\n")
