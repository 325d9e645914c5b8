"""Loads what the window will need next, while a new user still reads the first page."""

from __future__ import annotations

import importlib
import threading

from PySide6.QtCore import QObject, QTimer, Signal

from ui.wizard.study_wizard import StudyWizard

QUIET_MS = 200
"""After the first paint."""
LATER_PAGES, DASHBOARD = "ui.wizard.later_pages", "ui.dashboard.dashboard"


class EarlyLoading(QObject):
    """Imports beside the event loop, where it would stop the window for a second; then makes one page at a time."""

    _imported = Signal()

    def __init__(self, wizard: StudyWizard) -> None:
        super().__init__(wizard)
        self._wizard = wizard
        self._imported.connect(self._make_page)
        QTimer.singleShot(QUIET_MS, self, self._start)

    def _start(self) -> None:
        threading.Thread(target=self._import, name="early-loading", daemon=True).start()

    def _import(self) -> None:
        for name in (LATER_PAGES, DASHBOARD):
            importlib.import_module(name)
        # Not before all are imported: a page that is made beside an import waits for the interpreter at every call.
        self._imported.emit()

    def _make_page(self) -> None:
        if self._wizard.make_next_page():
            QTimer.singleShot(0, self, self._make_page)
