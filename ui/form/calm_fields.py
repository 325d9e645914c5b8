"""Calm fields: the wheel changes them only while they have the focus, and undo belongs to the study."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QWheelEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QSpinBox, QToolTip


class StudyLine(QLineEdit):
    """A line that leaves Ctrl+Z to the window: its own undo would take back what the line held before, and not what was
    changed last."""

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            keys = QKeySequence.StandardKey
            if event.matches(keys.Undo) or event.matches(keys.Redo):
                event.ignore()
                return False
        return super().event(event)


class CalmComboBox(QComboBox):
    """A list that opens."""

    def __init__(self, **properties: Any) -> None:
        super().__init__(**properties)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class CalmSpinBox(QSpinBox):
    """A whole number with arrows; says what it takes where something else is typed."""

    def __init__(self, **properties: Any) -> None:
        super().__init__(**properties)
        self.setLineEdit(StudyLine(objectName="qt_spinbox_lineedit"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def fixup(self, text: str) -> str:
        """Called where what was typed cannot be taken, which is put back then."""
        sentence = f"From {self.minimum():,} to {self.maximum():,}{self.suffix()}."
        QToolTip.showText(self.mapToGlobal(QPoint(0, self.height())), sentence, self)
        return super().fixup(text)
