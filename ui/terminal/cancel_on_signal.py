"""Ctrl-C on the command line: the engine is asked to end, and not killed."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType

from engine.contract.errors import EXIT_STOPPED
from workers.engine_process import EngineProcess


class CancelOnSignal:
    """While it lasts, Ctrl-C and a polite kill cancel the engine's work; a second Ctrl-C does what it always does."""

    def __init__(self, process: EngineProcess, sentence: str) -> None:
        """`sentence`: what is said then."""
        self._process = process
        self._sentence = sentence
        self._main = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> None:
        if self._main:
            self._before = {number: signal.signal(number, self._cancel) for number in (signal.SIGINT, signal.SIGTERM)}

    def __exit__(self, *_: object) -> None:
        if self._main:
            for number, handler in self._before.items():
                signal.signal(number, handler)

    def _cancel(self, number: int, frame: FrameType | None) -> None:
        sys.stderr.write(f"\n{self._sentence}\n")
        self._process.cancel()
        signal.signal(number, lambda *_: sys.exit(EXIT_STOPPED))
