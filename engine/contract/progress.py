"""How far a piece of work is, what it is doing, and whether it was cancelled: all long work gets one of these."""

from __future__ import annotations

import time
from collections.abc import Callable

REPORT_EVERY_S = 0.1
COUNT_EVERY_S = 1.0
"""Between two phases that differ in their counts: the event log keeps each."""


class Progress:
    """What a piece of work asks and reports. Any thread may ask; one reports."""

    def __init__(
        self,
        raise_if_cancelled: Callable[[], None] | None = None,
        on_report: Callable[[int, int], None] | None = None,
        on_phase: Callable[[str], None] | None = None,
        every_s: float = REPORT_EVERY_S,
    ) -> None:
        """
        Args:
            raise_if_cancelled: raises `Cancelled` if the work was cancelled.
            on_report: called with (done, total).
            on_phase: called with what is being done, such as "calibrating".
            every_s: the minimum time between two reports; the last one, when all is done, is always sent.
        """
        self._raise_if_cancelled = raise_if_cancelled
        self._on_report = on_report
        self._on_phase = on_phase
        self._every_s = every_s
        self._reported_at = -every_s

    def raise_if_cancelled(self) -> None:
        """
        Raises:
            Cancelled: the work was cancelled.
        """
        if self._raise_if_cancelled is not None:
            self._raise_if_cancelled()

    def report(self, done: int, total: int) -> None:
        """Say that `done` of `total` things are done; total 0: unknown.

        Raises:
            Cancelled: as `raise_if_cancelled`.
        """
        self.raise_if_cancelled()
        if self._on_report is None:
            return
        now = time.monotonic()
        if now - self._reported_at >= self._every_s or done == total:
            self._reported_at = now
            self._on_report(done, total)

    def phase(self, text: str) -> None:
        """Say what is done now.

        Raises:
            Cancelled: as `raise_if_cancelled`.
        """
        self.raise_if_cancelled()
        if self._on_phase is not None:
            self._on_phase(text)

    def counted(self, text: str, what: str = "images") -> Progress:
        """Begin a phase whose reports are worded like its name, such as "calibrating: 40 of 200 images"."""
        self.phase(text)
        return Progress(
            self.raise_if_cancelled,
            on_report=lambda done, total: self.phase(f"{text}: {done} of {total} {what}") if done < total else None,
            every_s=COUNT_EVERY_S,
        )

    def part(self, place: int, parts: int) -> Progress:
        """The part at `place` of work in `parts` equal parts: its reports become those of the whole."""
        return Progress(
            self.raise_if_cancelled,
            on_report=lambda done, total: self.report(place * total + done, parts * total),
            on_phase=self.phase,
            every_s=0.0,
        )


UNWATCHED = Progress()
"""For work without progress and cancellation."""
