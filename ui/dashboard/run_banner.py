"""How a run ended, in a sentence, with the ways on."""

from __future__ import annotations

from enum import Enum, auto

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from engine.language.speech import tr
from ui.plain_label import PlainLabel
from ui.theme import Theme
from ui.wording import in_window_words


class Tone(Enum):
    GOOD = auto()
    WARNING = auto()
    ERROR = auto()


class RunBanner(QFrame):
    """Hidden while there is nothing to say."""

    resume_requested = Signal()
    log_requested = Signal()
    table_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dashboard.banner")
        self._tone = Tone.ERROR
        self._text = PlainLabel(name="dashboard.banner.text", wraps=True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._table = QPushButton(tr("&Table and files"), objectName="dashboard.banner.table")
        self._resume = QPushButton(tr("&Resume"), objectName="dashboard.resume_run")
        self._resume.setToolTip(tr("Resume this run; finished stages are not computed again"))
        self._log = QPushButton(tr("Open &log"), objectName="dashboard.banner.log")
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 5, 6, 5)
        row.addWidget(self._text, 1)
        for button in (self._table, self._resume, self._log):
            row.addWidget(button)
        self._table.clicked.connect(self.table_requested)
        self._resume.clicked.connect(self.resume_requested)
        self._log.clicked.connect(self.log_requested)
        self.set_theme(theme)
        self.hide()

    def say(
        self, text: str, tone: Tone, resumable: bool = False, has_figures: bool = False, died_again: bool = False
    ) -> None:
        """Show a sentence and the ways on that fit it.

        Args:
            has_figures: whether the table is one of them.
            died_again: whether resuming has led nowhere; it is offered all the same.
        """
        self._tone = tone
        text = in_window_words(text)
        self._text.setText(text)
        self._table.setVisible(has_figures)
        self._resume.setVisible(resumable)
        self._resume.setText(tr("&Resume anyway") if died_again else tr("&Resume"))
        self._log.setVisible(tone is Tone.ERROR)
        self.set_theme(self._theme)
        self.show()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        colour = {Tone.GOOD: theme.good, Tone.WARNING: theme.warning, Tone.ERROR: theme.error}[self._tone]
        self.setStyleSheet(
            f"RunBanner {{ background: {theme.panel}; border: 1px solid {theme.grid}; border-left: 4px solid {colour};"
            f" border-radius: 4px; }} QLabel {{ color: {colour}; font-weight: 600; }}"
        )
