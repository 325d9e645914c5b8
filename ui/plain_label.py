"""A label for what users and files are called: such text may look like HTML, and is shown as it is."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel


class PlainLabel(QLabel):
    """Takes every letter as a letter."""

    def __init__(self, text: str = "", name: str = "", wraps: bool = False) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setObjectName(name)
        self.setWordWrap(wraps)
        self.setText(text)
