"""Work that may wait for a disk or a network for minutes: nobody waits for its thread, the program's end neither."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from engine.contract.errors import NutshellError

LATE_MS = 4_000


class PatientCall(QObject):
    """Answers to the newest request only, and says when an answer is late."""

    succeeded = Signal(object)
    """What the newest request returned."""
    failed = Signal(str)
    """The sentence of what went wrong with it."""
    late = Signal()
    """The newest request has not answered yet; it may still do so."""
    _ended = Signal(int, bool, object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._newest = 0
        self._late = QTimer(self, singleShot=True, interval=LATE_MS)
        self._late.timeout.connect(self.late)
        self._ended.connect(self._on_ended)

    def request(self, work: Callable[[], object]) -> None:
        """Do this in a thread, and forget what was asked before."""
        self._newest += 1
        self._late.start()
        threading.Thread(target=self._do, args=(self._newest, work), name=self._name, daemon=True).start()

    def call_off(self) -> None:
        """Forget what was asked; it does not answer any more."""
        self._newest += 1
        self._late.stop()

    def _do(self, number: int, work: Callable[[], object]) -> None:
        try:
            ended: tuple[bool, object] = True, work()
        except (NutshellError, OSError) as error:
            ended = False, str(error)
        except Exception as error:  # noqa: BLE001 - a field must say so rather than wait for ever
            ended = False, f"That did not work: {error}"
        with contextlib.suppress(RuntimeError):  # The window is gone.
            self._ended.emit(number, *ended)

    def _on_ended(self, number: int, succeeded: bool, result: object) -> None:
        if number != self._newest:
            return
        self._late.stop()
        if succeeded:
            self.succeeded.emit(result)
        else:
            self.failed.emit(str(result))
