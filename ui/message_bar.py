"""A line at the foot of a page that says what is wrong and what to do."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from engine.language.speech import tr
from ui.wording import in_window_words


class MessageBar(QLabel):
    """Hidden while there is nothing to say."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setWordWrap(True)
        # A path may hold what would pass for HTML; and a sentence may be worth copying.
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setAccessibleName(tr("Message"))
        self.hide()

    def say(self, text: str, role: str = "error") -> None:
        """Show a sentence as an "error", a "warning", a "hint" or "good"; an empty one hides the line."""
        self.setText(in_window_words(text))
        self.setVisible(bool(text))
        self.setProperty("role", role)
        self.style().unpolish(self)
        self.style().polish(self)
