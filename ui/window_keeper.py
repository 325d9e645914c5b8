"""Keeps the one main window, and puts another in its place when the language changes.

All texts of a window are made when its parts are made. So a change of language makes the window again, from the draft
and from what the run has told: what is newly made cannot be half in the old language. The engine child goes on.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QSettings, QTimer
from PySide6.QtWidgets import QApplication

from engine.language.languages import Language
from engine.language.speech import SPEECH, tr
from ui.main_window import MainWindow
from ui.question import tell
from ui.script_fonts import missing_font
from ui.window_language import WindowLanguage

CLOSING_MS = 100
"""How often it is looked whether a dialog is still open."""


class WindowKeeper(QObject):
    """Makes the window, and makes it again."""

    def __init__(self, settings: QSettings, runs_directory: Path, language: WindowLanguage, parent: QObject) -> None:
        super().__init__(parent)
        self._settings = settings
        self._language = language
        self._wanted = SPEECH.language
        self._waiting = QTimer(self, singleShot=True, interval=CLOSING_MS)
        self._waiting.timeout.connect(self._change)
        self.window = self._made(runs_directory, None)

    def choose(self, language: Language) -> None:
        """Speak a language; while a dialog is open, as soon as it is closed."""
        self._wanted = language
        self._waiting.start(0)

    def _change(self) -> None:
        if QApplication.activeModalWidget() is not None:
            self._waiting.start(CLOSING_MS)
            return
        if self._wanted == SPEECH.language:
            return
        if boxes := missing_font(self._wanted):
            # Told by the window that can still be read; the menu of languages leads back.
            tell(self.window, "Language", boxes)  # not shown
        try:
            self._language.speak(self._wanted)
        except OSError as error:
            said = tr("{filename} cannot be read ({strerror}).", filename=error.filename, strerror=error.strerror)
            tell(self.window, tr("Language"), said)
            return
        before, was_shown = self.window, self.window.isVisible()
        self.window = self._made(before.runs_directory, before)
        if was_shown:
            self.window.show()
        before.hide()
        before.deleteLater()

    def _made(self, runs_directory: Path, before: MainWindow | None) -> MainWindow:
        window = MainWindow(self._settings, runs_directory, before)
        window.language_chosen.connect(self.choose)
        return window
