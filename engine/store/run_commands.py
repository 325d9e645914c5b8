"""What any window or terminal asks of a run in progress: lines in a file of its folder, which its engine reads."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from engine.contract.events import Command, CommandName

COMMANDS_FILE = "commands.jsonl"
POLL_S = 0.3


def ask(directory: Path, command: CommandName) -> None:
    """Ask the engine of the run in `directory`; returns at once.

    Raises:
        OSError: the folder cannot be written.
    """
    with (directory / COMMANDS_FILE).open("ab") as stream:
        stream.write(Command(command=command).model_dump_json().encode() + b"\n")


def asked(directory: Path) -> Iterator[bytes]:
    """The lines that are asked from now on, for ever; each whole."""
    file = directory / COMMANDS_FILE
    read = file.stat().st_size if file.is_file() else 0
    while True:
        time.sleep(POLL_S)
        if not file.is_file() or file.stat().st_size <= read:
            continue
        with file.open("rb") as stream:
            stream.seek(read)
            whole, end, _ = stream.read().rpartition(b"\n")
        read += len(whole) + len(end)
        yield from filter(None, whole.split(b"\n"))
