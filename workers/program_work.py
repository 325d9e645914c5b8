"""Runs a command of this program in a process of its own, and passes its progress on. No Qt."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import IO

from engine.contract.errors import NutshellError
from engine.contract.progress import Progress
from engine.launch.program import program_command

LOOK_EVERY_S = 0.05
END_S = 5.0
"""That the process may take to end when it is cancelled."""


class _Lines:
    """What the process writes, read as it comes, so that it never waits for room."""

    def __init__(self, stream: IO[str]) -> None:
        self.lines: list[str] = []
        self._stream = stream
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for line in self._stream:
            self.lines.append(line.strip())

    def wait(self) -> None:
        self._thread.join(END_S)


def run_program(arguments: Sequence[str], progress: Progress, fault: str) -> None:
    """Run a command until it has ended.

    Args:
        arguments: of the program; progress comes as lines such as {"done": 3, "total": 8} or {"phase": "packing"}.
        fault: what is said where it ends without a sentence.

    Raises:
        NutshellError: the command's own sentence.
        Cancelled: out of `progress`; the command is asked to end, and ended where it does not.
    """
    process = subprocess.Popen(
        program_command(*arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    told, faults = _Lines(process.stdout), _Lines(process.stderr)
    read = 0
    try:
        while process.poll() is None:
            progress.raise_if_cancelled()
            for line in told.lines[read:]:
                read += 1
                _report(line, progress)
            try:
                process.wait(LOOK_EVERY_S)
            except subprocess.TimeoutExpired:
                continue
    finally:
        _end(process)
        for lines in (told, faults):
            lines.wait()
    if process.returncode:
        sentences = [line for line in faults.lines if line]
        if sentences:
            raise NutshellError(sentences[-1])
        raise NutshellError(fault)


def _report(line: str, progress: Progress) -> None:
    """All lines but those of progress are for people."""
    if line.startswith('{"done"'):
        counts = json.loads(line)
        progress.report(counts["done"], counts["total"])
    elif line.startswith('{"phase"'):
        progress.phase(json.loads(line)["phase"])


def _end(process: subprocess.Popen[str]) -> None:
    """Let it tidy up, and end it if it does not."""
    if process.poll() is not None:
        return
    if sys.platform == "win32":
        process.terminate()
    else:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
