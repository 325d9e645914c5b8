"""Loads what the window will need next, while a new user still reads the first page."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from engine.contract.errors import NutshellError
from ui.wizard.study_wizard import StudyWizard

QUIET_MS = 200
"""After the first paint."""


class EarlyLoading(QObject):
    """Imports beside the event loop, where it would stop the window for a second; then makes one page at a time, and
    keeps the cache of images within its limit."""

    _imported = Signal()

    def __init__(self, wizard: StudyWizard, tidy: Callable[[], None] = lambda: None) -> None:
        """`tidy`: done in the same thread, after all is imported."""
        super().__init__(wizard)
        self._tidy = tidy
        self._wizard = wizard
        self._imported.connect(self._make_page)
        QTimer.singleShot(QUIET_MS, self, self._start)

    def _start(self) -> None:
        threading.Thread(target=self._import, name="early-loading", daemon=True).start()

    def _import(self) -> None:
        import ui.bench.bench_page
        import ui.dashboard.dashboard
        import ui.wizard.later_pages  # noqa: F401

        # Not before all are imported: a page that is made beside an import waits for the interpreter at every call.
        self._imported.emit()
        with contextlib.suppress(NutshellError, OSError):
            self._tidy()

    def _make_page(self) -> None:
        if self._wizard.make_next_page():
            QTimer.singleShot(0, self, self._make_page)
