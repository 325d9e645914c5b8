"""Calm fields: the wheel changes them only while they have the focus, and undo belongs to the study."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QKeySequence, QValidator, QWheelEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QSpinBox, QToolTip

from engine.language.speech import tr

SAID_MS = 8_000


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
    """A whole number with arrows; says what it takes where something else is typed, and shows what it held before."""

    def __init__(self, **properties: Any) -> None:
        super().__init__(**properties)
        self.setLineEdit(StudyLine(objectName="qt_spinbox_lineedit"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._before = self.value()
        """What it held when the typing of another number began."""
        self._is_typed = False
        self.lineEdit().textEdited.connect(self._on_typed)
        self.editingFinished.connect(self._on_finished)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def validate(self, text: str, place: int) -> tuple[QValidator.State, str, int]:
        """Anything can be typed, and what is no number of the range is told on leaving: a key without an effect would
        tell nobody why, and would make 25 of 2.5."""
        judged = super().validate(text, place)
        state = judged[0] if isinstance(judged, tuple) else judged
        if state is QValidator.State.Invalid:
            state = QValidator.State.Intermediate
        if self._begins_special(text):
            whole = text.strip().lower() == self.specialValueText().lower()
            state = QValidator.State.Acceptable if whole else QValidator.State.Intermediate
        return state, text, place

    def valueFromText(self, text: str) -> int:
        return self.minimum() if self._begins_special(text) else super().valueFromText(text)

    def fixup(self, text: str) -> str:
        """Called where what was typed cannot be taken: the number before is put back."""
        if self._begins_special(text):
            return self.specialValueText()
        typed = self._digits(text)
        least = self.minimum() + self._takes_words
        bounds = tr("from {least:,} to {maximum:,}{suffix}", least=least, maximum=self.maximum(), suffix=self.suffix())
        sentence = (
            tr("{typed} is not {bounds}.", typed=typed, bounds=bounds) if typed else f"{bounds[0].upper()}{bounds[1:]}."
        )
        # After the focus has gone on: its change would hide the sentence at once.
        QTimer.singleShot(0, self, partial(self._say, sentence))
        self._is_typed = False
        return self.prefix() + self.textFromValue(self._before) + self.suffix()

    def take_back(self) -> bool:
        """Show the value in place of a text that was typed and not taken yet; whether there was one."""
        taken = self.prefix() + self.textFromValue(self.value()) + self.suffix()
        if not self._is_typed or self.text() in (taken, self.specialValueText()):
            return False
        self.lineEdit().setText(taken)
        self._is_typed = False
        return True

    @property
    def _takes_words(self) -> bool:
        """Whether the least value is a word of its own, such as "automatic", and not a number with a meaning."""
        return self.specialValueText()[:1].isalpha()

    def _begins_special(self, text: str) -> bool:
        return self._takes_words and self.specialValueText().lower().startswith(text.strip().lower())

    def _digits(self, text: str) -> str:
        return text.removeprefix(self.prefix()).removesuffix(self.suffix()).strip()

    def _say(self, sentence: str) -> None:
        QToolTip.showText(self.mapToGlobal(QPoint(0, self.height())), sentence, self, self.rect(), SAID_MS)

    def stepBy(self, steps: int) -> None:
        super().stepBy(steps)
        self._is_typed = False

    def _on_typed(self) -> None:
        if not self._is_typed:
            self._is_typed, self._before = True, self.value()

    def _on_finished(self) -> None:
        self._is_typed = False
