"""The run's messages, with the time of day; or the engine's own log, with TensorFlow's output."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from engine.language.speech import tr
from ui.shown_run import LogEntry, ShownRun
from ui.theme import Theme

MAX_LINES = 5000
ENGINE_LOG = "engine.log"
TAIL_BYTES = 128 * 1024
TAIL_INTERVAL_MS = 1000


class LogPane(QWidget):
    """The lower left of the dashboard."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._entries: list[LogEntry] = []
        self._directory: Path | None = None
        self._text = QPlainTextEdit(objectName="dashboard.log", readOnly=True, maximumBlockCount=MAX_LINES)
        self._text.setAccessibleName(tr("Log of the run"))
        self._engine_text = QPlainTextEdit(objectName="dashboard.engine_log_text", readOnly=True)
        self._engine_text.setAccessibleName(tr("Log of the engine"))
        self._engine_text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._engine = QPushButton(tr("Show en&gine log"), objectName="dashboard.engine_log", checkable=True)
        self._engine.setToolTip(tr("The last lines that the engine and TensorFlow wrote"))
        self._tail_timer = QTimer(self, interval=TAIL_INTERVAL_MS)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._text)
        self._pages.addWidget(self._engine_text)
        head = QHBoxLayout()
        head.addWidget(QLabel(tr("Log")))
        head.addStretch()
        head.addWidget(self._engine)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(head)
        layout.addWidget(self._pages, 1)
        self._engine.toggled.connect(self._on_engine_toggled)
        self._tail_timer.timeout.connect(self._show_tail)

    def show_state(self, state: ShownRun) -> None:
        """Add the entries that are new."""
        self._directory = state.directory
        self._engine.setEnabled(self._directory is not None)
        if len(state.log) > len(self._entries):
            self._append(state.log[len(self._entries) :])
            self._entries = list(state.log)

    def show_engine_log(self) -> None:
        """Turn to the engine's log."""
        self._engine.setChecked(True)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._text.clear()
        self._append(self._entries)

    def _append(self, entries: list[LogEntry]) -> None:
        bar = self._text.verticalScrollBar()
        at_end = bar.value() == bar.maximum()
        colours = {"note": self._theme.text, "warning": self._theme.warning, "error": self._theme.error}
        cursor = QTextCursor(self._text.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        for entry in entries[-MAX_LINES:]:
            looks = QTextCharFormat()
            looks.setForeground(QColor(colours[entry.severity]))
            if not self._text.document().isEmpty():
                cursor.insertBlock()
            cursor.insertText(
                f"{time.strftime('%H:%M:%S', time.localtime(entry.time))}  {entry.text}",
                looks,
            )
        if at_end:
            bar.setValue(bar.maximum())

    def _on_engine_toggled(self, shown: bool) -> None:
        self._pages.setCurrentWidget(self._engine_text if shown else self._text)
        if shown:
            self._show_tail()
            self._tail_timer.start()
        else:
            self._tail_timer.stop()

    def _show_tail(self) -> None:
        text = _tail(self._directory / ENGINE_LOG) if self._directory else ""
        if text != self._engine_text.toPlainText():
            self._engine_text.setPlainText(text)
            self._engine_text.moveCursor(QTextCursor.MoveOperation.End)


def _tail(path: Path) -> str:
    """The last whole lines of a log, or a sentence where there is none."""
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(size - TAIL_BYTES, 0))
            text = stream.read().decode(errors="replace")
    except OSError as error:
        return tr("{path} cannot be read ({strerror}).", path=path, strerror=error.strerror)
    return text if size <= TAIL_BYTES else text[text.find("\n") + 1 :]
