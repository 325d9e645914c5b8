"""The window's language: which one it begins with, Qt's own texts in it, and how numbers are typed."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QObject, QTranslator

from engine.language.languages import CATALOGUES, Language, first_language, language_of
from engine.language.speech import SPEECH


def chosen_language(preferred: str) -> Language:
    """What the user prefers; else the system's language, if it is spoken here; else English."""
    return language_of(preferred) or first_language(QLocale.system().uiLanguages())


class WindowLanguage(QObject):
    """Makes the process speak; what is shown already stays as it is."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._of_qt: QTranslator | None = None

    def speak(self, language: Language) -> None:
        """Speak a language from now on, Qt's own dialogs too.

        Raises:
            OSError: its catalogue cannot be read; everything stays as it was.
        """
        SPEECH.speak(language)
        # The system's own way to write numbers, where it speaks this language: "en_GB" and "fr_CA" differ from "en".
        system = QLocale.system()
        QLocale.setDefault(system if language_of(system.name()) == language else QLocale(language.code))
        if self._of_qt is not None:
            QCoreApplication.removeTranslator(self._of_qt)
        self._of_qt = _translator_of_qt(language)
        if self._of_qt is not None:
            QCoreApplication.installTranslator(self._of_qt)


def _translator_of_qt(language: Language) -> QTranslator | None:
    """Qt comes with catalogues for most languages; for Serbian ours takes their place. None: as Qt is written."""
    translator = QTranslator()
    name = f"qtbase_{language.code}"
    folders = (QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath), str(CATALOGUES))
    return translator if any(translator.load(name, folder) for folder in folders) else None
