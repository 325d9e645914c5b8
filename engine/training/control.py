"""What the user asks of a running engine: pause, resume, stop this stage, cancel. One thread sets, one reads."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engine.contract.errors import Cancelled
from engine.contract.events import RunCancelled
from engine.contract.progress import Progress


class Control:
    """Shared between the thread that reads commands and the one that computes."""

    def __init__(
        self, on_paused: Callable[[], None] = lambda: None, on_resumed: Callable[[], None] = lambda: None
    ) -> None:
        self._running = threading.Event()
        self._running.set()
        self._stop = threading.Event()
        self._cancel = threading.Event()
        self._on_paused = on_paused
        self._on_resumed = on_resumed

    def tell_with(self, on_paused: Callable[[], None], on_resumed: Callable[[], None]) -> None:
        """Use these calls from now on to say that the work pauses and resumes."""
        self._on_paused, self._on_resumed = on_paused, on_resumed

    def pause(self) -> None:
        self._running.clear()

    def resume(self) -> None:
        self._running.set()

    def stop_stage(self) -> None:
        """End the stage that trains now and keep its best model; a paused stage resumes to do so."""
        self._stop.set()
        self._running.set()

    def cancel(self) -> None:
        self._cancel.set()
        self._running.set()

    @property
    def stop_is_asked(self) -> bool:
        """Whether a stop waits to be taken."""
        return self._stop.is_set()

    def take_stop(self) -> bool:
        """Whether a stop was asked for since the last call."""
        if self._stop.is_set():
            self._stop.clear()
            return True
        return False

    def raise_if_cancelled(self) -> None:
        """Raises: Cancelled, when the user has cancelled."""
        if self._cancel.is_set():
            raise Cancelled(RunCancelled().message)

    def progress(self, on_phase: Callable[[str], None] = lambda phase: None) -> Progress:
        """For a piece of work that can be cancelled, and that holds before its next phase while paused."""

        def begin(phase: str) -> None:
            self.hold_if_paused()
            on_phase(phase)

        return Progress(self.raise_if_cancelled, on_phase=begin)

    def hold_if_paused(self) -> None:
        """Wait here while paused.

        Raises:
            Cancelled: the user cancelled, before or while waiting.
        """
        self.raise_if_cancelled()
        if not self._running.is_set():
            self._on_paused()
            self._running.wait()
            self.raise_if_cancelled()
            self._on_resumed()
