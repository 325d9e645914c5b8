"""How work in another thread hears that it is no longer wanted, and says how far it is. No Qt."""

from __future__ import annotations

import time
from collections.abc import Callable

from engine.contract.errors import Cancelled

REPORT_EVERY_S = 0.1


class CancellationToken:
    """What a piece of work holds while it is done: it asks whether it is still wanted, and says how far it is."""

    def __init__(
        self,
        is_stale: Callable[[], bool] = lambda: False,
        report: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        self._is_stale = is_stale
        self._report = report
        self._reported_at = -REPORT_EVERY_S

    def raise_if_cancelled(self) -> None:
        """
        Raises:
            Cancelled: a newer request took this one's place, or it was called off.
        """
        if self._is_stale():
            raise Cancelled("A newer request took its place.")

    def report(self, done: int, total: int) -> None:
        """Say that `done` of `total` things are done (0: who knows); passed on ten times a second at most.

        Raises:
            Cancelled: as `raise_if_cancelled`.
        """
        self.raise_if_cancelled()
        now = time.monotonic()
        if now - self._reported_at >= REPORT_EVERY_S:
            self._reported_at = now
            self._report(done, total)
