"""The engine's own channel for events, apart from everything that libraries print."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from engine.contract.events import EngineEvent, event_line


class EventChannel:
    """Takes over file descriptor 1 for events; from then on whatever is printed goes to the log."""

    def __init__(self) -> None:
        self._channel = os.dup(1)
        self._lock = threading.Lock()
        self._nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(self._nowhere, 1)

    def send(self, event: EngineEvent) -> None:
        """Write the event as one line; a parent that is gone is noticed elsewhere."""
        line = event_line(event).encode() + b"\n"
        with self._lock:
            try:
                while line:
                    line = line[os.write(self._channel, line) :]
            except OSError:
                return

    def log_to(self, path: Path) -> None:
        """Send what is printed on stdout and stderr, by Python or by native code, to the end of a file."""
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
