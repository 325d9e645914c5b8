"""Runs short work in a `QThread`, the newest request only: for scans and previews while the user types."""

from __future__ import annotations

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, QThread, Signal, Slot

from engine.contract.errors import Cancelled, NutshellError
from engine.contract.progress import Progress

END_MS = 10_000

Work = Callable[[Progress], object]


class _Generation:
    """The number of the newest request, shared by both threads."""

    def __init__(self) -> None:
        self._number = 0
        self._lock = threading.Lock()

    @property
    def number(self) -> int:
        return self._number

    def next(self) -> int:
        with self._lock:
            self._number += 1
            return self._number


class _Worker(QObject):
    succeeded = Signal(int, object)
    refused = Signal(int, object)
    failed = Signal(int, str)
    progressed = Signal(int, int, int)

    def __init__(self, generation: _Generation) -> None:
        super().__init__()
        self._generation = generation

    @Slot(int, object)
    def run(self, number: int, work: Work) -> None:
        def raise_if_cancelled() -> None:
            if number != self._generation.number:
                raise Cancelled("A newer request took its place.")

        progress = Progress(raise_if_cancelled, lambda done, total: self.progressed.emit(number, done, total))
        try:
            progress.raise_if_cancelled()
            self.succeeded.emit(number, work(progress))
        except Cancelled:
            return
        except NutshellError as error:
            self.refused.emit(number, error)
            self.failed.emit(number, str(error))
        except Exception as error:  # noqa: BLE001 - a page must say so rather than wait for ever
            self.failed.emit(number, f"That did not work: {error}")


class LatestCall(QObject):
    """One thread, one request at a time; a request that is overtaken never answers."""

    succeeded = Signal(object)
    """What the newest request returned."""
    refused = Signal(object)
    """The `NutshellError` that it ended with; its sentence follows as `failed`."""
    failed = Signal(str)
    """The sentence of what went wrong with it."""
    progressed = Signal(int, int)
    """How far it is: (done, total), total 0: unknown."""
    _requested = Signal(int, object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._generation = _Generation()
        self._thread = QThread(self)
        self._thread.setObjectName(name)
        self._worker = _Worker(self._generation)
        self._worker.moveToThread(self._thread)
        self._requested.connect(self._worker.run)
        self._worker.succeeded.connect(self._on_succeeded)
        self._worker.refused.connect(self._on_refused)
        self._worker.failed.connect(self._on_failed)
        self._worker.progressed.connect(self._on_progressed)

    def request(self, work: Work) -> None:
        """Do this, and forget what was asked before."""
        if not self._thread.isRunning():
            self._thread.start()
        self._requested.emit(self._generation.next(), work)

    def call_off(self) -> None:
        """Forget what was asked; it ends when it next looks, and answers no more."""
        self._generation.next()

    def shut_down(self) -> None:
        """Stop what runs and end the thread."""
        self.call_off()
        self._thread.quit()
        self._thread.wait(END_MS)

    @Slot(int, object)
    def _on_succeeded(self, number: int, result: object) -> None:
        if number == self._generation.number:
            self.succeeded.emit(result)

    @Slot(int, object)
    def _on_refused(self, number: int, error: NutshellError) -> None:
        if number == self._generation.number:
            self.refused.emit(error)

    @Slot(int, str)
    def _on_failed(self, number: int, message: str) -> None:
        if number == self._generation.number:
            self.failed.emit(message)

    @Slot(int, int, int)
    def _on_progressed(self, number: int, done: int, total: int) -> None:
        if number == self._generation.number:
            self.progressed.emit(done, total)
