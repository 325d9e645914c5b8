"""Windows that open within the screen, whatever its size and scale."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget


def open_at(window: QWidget, width: int, height: int) -> None:
    """Give a window its usual size in pixels of the screen's scale, or as much of it as the screen has free."""
    window.resize(QSize(width, height).boundedTo(window.screen().availableSize()))


def scrolling(content: QWidget) -> QScrollArea:
    """The widget in an area that scrolls where there is too little room for it."""
    area = QScrollArea(widgetResizable=True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    # It follows the fields that the keyboard goes to, and is no stop of its own on that way.
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(content)
    return area
