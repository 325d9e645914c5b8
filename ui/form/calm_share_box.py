"""A calm field for a share from 0 to 1, of which 0 means that none is asked."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QDoubleSpinBox

from engine.language.speech import tr
from ui.form.calm_fields import StudyLine

DECIMALS, STEP = 3, 0.005


class CalmShareBox(QDoubleSpinBox):
    """The wheel changes it only while it has the focus."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__(objectName=name, accessibleName=title)
        self.setLineEdit(StudyLine(objectName="qt_spinbox_lineedit"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setRange(0.0, 1.0)
        self.setDecimals(DECIMALS)
        self.setSingleStep(STEP)
        self.setSpecialValueText(tr("none"))
        # A half-typed number is no floor yet.
        self.setKeyboardTracking(False)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()
