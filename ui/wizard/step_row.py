"""The row of the wizard's steps: which there are, which is shown, and which can be gone to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget


class StepRow(QWidget):
    """One flat button a step."""

    chosen = Signal(int)
    """The number of the step that was clicked, counted from 0."""

    def __init__(self, titles: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        self._buttons: list[QToolButton] = []
        for number, title in enumerate(titles):
            button = QToolButton(text=f"{number + 1}  {title}", objectName=f"wizard.step{number + 1}", checkable=True)
            button.setProperty("role", "step")
            button.setAccessibleName(f"Step {number + 1} of {len(titles)}: {title}")
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            button.clicked.connect(partial(self._on_clicked, number))
            layout.addWidget(button, 1)
            self._buttons.append(button)
        self._current = 0

    def show_steps(self, current: int, last_open: int, waits_for: str) -> None:
        """Mark the current step, and shut those behind the last that can be gone to.

        Args:
            waits_for: why the others cannot be opened yet.
        """
        self._current = current
        for number, button in enumerate(self._buttons):
            button.setChecked(number == current)
            button.setEnabled(number <= last_open)
            button.setToolTip("" if number <= last_open else waits_for)

    def _on_clicked(self, number: int) -> None:
        self._buttons[number].setChecked(number == self._current)
        self.chosen.emit(number)
