"""Ctrl-C in commands that work in this process: the work stops at its next step, so that its helpers end in order."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Self

from engine.contract.errors import Cancelled


class StopOnSignal:
    """While it lasts, Ctrl-C and a polite kill stop the work; a second Ctrl-C does what it always does."""

    def __init__(self, sentence: str) -> None:
        """`sentence`: what is said of the work that was stopped."""
        self._sentence = sentence
        self._asked = threading.Event()
        self._main = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> Self:
        if self._main:
            self._before = {number: signal.signal(number, self._ask) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        if self._main:
            for number, handler in self._before.items():
                signal.signal(number, handler)

    def raise_if_asked(self) -> None:
        """For the work's progress.

        Raises:
            Cancelled: it was asked to stop.
        """
        if self._asked.is_set():
            raise Cancelled(self._sentence)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._asked.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)
