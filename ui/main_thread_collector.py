"""Searches for garbage in the window's own thread only.

Python searches in whichever thread makes an object when many are new. In a worker's thread that could delete windows
and other Qt objects, which Qt allows in their own thread only: the process ends.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

INTERVAL_MS = 500


class MainThreadCollector(QObject):
    """Made in the window's thread, it takes the search over until `give_back`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._was_enabled = gc.isenabled()
        gc.disable()
        self._timer = QTimer(self, interval=INTERVAL_MS)
        self._timer.timeout.connect(self.collect_if_due)
        self._timer.start()

    def collect_if_due(self) -> None:
        """Search as Python itself would, by how many objects are new since the last search."""
        counts = zip(gc.get_count(), gc.get_threshold(), strict=True)
        due = [age for age, (count, limit) in enumerate(counts) if count > limit]
        if due:
            gc.collect(max(due))

    def give_back(self) -> None:
        """Let Python search again."""
        self._timer.stop()
        if self._was_enabled:
            gc.enable()
