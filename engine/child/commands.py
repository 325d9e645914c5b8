"""Reads commands and sets the control: the parent's from standard input, whose end ends the engine, and those of other
windows from a file of the run's folder."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from engine.contract.errors import EXIT_STOPPED
from engine.contract.events import Command
from engine.store.run_commands import asked
from engine.training.control import Control

READ_BYTES = 65536
PARENT_GONE_GRACE_S = 3.0
"""How long a cancelled run may take to close its files before the process is ended."""


def follow_commands(control: Control, lines: Iterator[bytes]) -> threading.Thread:
    """Start the thread that reads commands, one per line."""
    thread = threading.Thread(target=_follow_parent, args=(control, lines), name="commands", daemon=True)
    thread.start()
    return thread


def follow_others(control: Control, directory: Path) -> None:
    """Start the thread that reads what other windows ask of the run."""
    threading.Thread(target=_obey, args=(control, asked(directory)), name="asked", daemon=True).start()


def _follow_parent(control: Control, lines: Iterator[bytes]) -> None:
    _obey(control, lines)
    control.cancel()
    threading.Timer(PARENT_GONE_GRACE_S, os._exit, args=(EXIT_STOPPED,)).start()


def _obey(control: Control, lines: Iterator[bytes]) -> None:
    actions = {
        "pause": control.pause,
        "resume": control.resume,
        "stop": control.stop_stage,
        "cancel": control.cancel,
    }
    for line in lines:
        try:
            actions[Command.model_validate_json(line).command]()
        except ValidationError:
            print(f"Not a command: {line!r}", file=sys.stderr)


def lines_of(descriptor: int) -> Iterator[bytes]:
    """The lines of a file descriptor, without Python's buffer: its lock, held by a thread that waits for input, would
    end an interpreter that is leaving in order with a fatal error."""
    rest = b""
    while chunk := os.read(descriptor, READ_BYTES):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
