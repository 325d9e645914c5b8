"""A read-only text that is filled piece by piece, so that a long one does not hold the window up."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QPlainTextEdit

PIECE = 20_000
"""Characters that Qt lays out in some milliseconds."""


class LongText(QPlainTextEdit):
    """Shows the beginning at once; a text that comes meanwhile takes the place of the rest."""

    def __init__(self, name: str, accessible_name: str) -> None:
        super().__init__(objectName=name, readOnly=True, accessibleName=accessible_name)
        self.setUndoRedoEnabled(False)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._rest = ""
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._on_next_piece)

    @property
    def is_complete(self) -> bool:
        """Whether all of the text is shown."""
        return not self._rest

    def show_text(self, text: str) -> None:
        """Show this, from its beginning."""
        self.setPlainText(text[:PIECE])
        self._rest = text[PIECE:]
        if self._rest:
            self._timer.start()
        else:
            self._timer.stop()

    def _on_next_piece(self) -> None:
        # A cursor of its own: the view stays where the user has scrolled to.
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(self._rest[:PIECE])
        self._rest = self._rest[PIECE:]
        if not self._rest:
            self._timer.stop()
