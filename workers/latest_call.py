"""Runs short work in a `QThread`, the newest request only: for scans and previews while the user types."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal, Slot

from engine.contract.errors import Cancelled, NutshellError

Work = Callable[[Callable[[], None]], Any]
"""What is to be done; it calls its argument now and then, which raises `Cancelled` once a newer request came."""

END_MS = 10_000


class _Generation:
    """The number of the newest request, shared by both threads."""

    def __init__(self) -> None:
        self._number = 0
        self._lock = threading.Lock()

    def next(self) -> int:
        with self._lock:
            self._number += 1
            return self._number

    def raise_if_stale(self, number: int) -> None:
        if number != self._number:
            raise Cancelled("A newer request took its place.")


class _Worker(QObject):
    succeeded = Signal(int, object)
    failed = Signal(int, str)

    def __init__(self, generation: _Generation) -> None:
        super().__init__()
        self._generation = generation

    @Slot(int, object)
    def run(self, number: int, work: Work) -> None:
        try:
            self._generation.raise_if_stale(number)
            self.succeeded.emit(number, work(lambda: self._generation.raise_if_stale(number)))
        except Cancelled:
            return
        except NutshellError as error:
            self.failed.emit(number, str(error))
        except Exception as error:  # noqa: BLE001 - a page must say so rather than wait for ever
            self.failed.emit(number, f"That did not work: {error}")


class LatestCall(QObject):
    """One thread, one request at a time; a request that is overtaken never answers."""

    succeeded = Signal(object)
    """What the newest request returned."""
    failed = Signal(str)
    """The sentence of what went wrong with it."""
    _requested = Signal(int, object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._generation = _Generation()
        self._current = 0
        self._thread = QThread(self)
        self._thread.setObjectName(name)
        self._worker = _Worker(self._generation)
        self._worker.moveToThread(self._thread)
        self._requested.connect(self._worker.run)
        self._worker.succeeded.connect(self._on_succeeded)
        self._worker.failed.connect(self._on_failed)
        self._thread.start()

    def request(self, work: Work) -> None:
        """Do this, and forget what was asked before."""
        self._current = self._generation.next()
        self._requested.emit(self._current, work)

    def shut_down(self) -> None:
        """Stop what runs and end the thread."""
        self._generation.next()
        self._thread.quit()
        self._thread.wait(END_MS)

    @Slot(int, object)
    def _on_succeeded(self, number: int, result: object) -> None:
        if number == self._current:
            self.succeeded.emit(result)

    @Slot(int, str)
    def _on_failed(self, number: int, message: str) -> None:
        if number == self._current:
            self.failed.emit(message)
