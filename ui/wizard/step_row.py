"""The row of the wizard's steps: which there are, which is shown, and which can be gone to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from engine.language.speech import tr
from ui.wording import in_window_words

NUMBER_PIXELS = 36
MARGIN_PIXELS = 26
"""Of a button, beside its title."""
GAP_PIXELS = 2


class StepRow(QWidget):
    """One flat button per step."""

    chosen = Signal(int)
    """The number of the step that was clicked, counted from 0."""

    def __init__(self, titles: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP_PIXELS)
        self._buttons: list[QToolButton] = []
        for number, title in enumerate(titles):
            button = QToolButton(
                text=f"{number + 1}  {title}",
                objectName=f"wizard.step{number + 1}",
                checkable=True,
            )
            button.setProperty("role", "step")
            button.setAccessibleName(
                tr("Step {number} of {count}: {title}", number=number + 1, count=len(titles), title=title)
            )
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            button.clicked.connect(partial(self._on_clicked, number))
            layout.addWidget(button, 1)
            self._buttons.append(button)
        self._titles = tuple(titles)
        self._current = 0

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._write()

    def minimumSizeHint(self) -> QSize:
        """That of the numbers, and of one title."""
        metrics = self.fontMetrics()
        widest = max(metrics.horizontalAdvance(title) for title in self._titles)
        return QSize(
            widest + MARGIN_PIXELS + len(self._titles) * (NUMBER_PIXELS + GAP_PIXELS),
            super().minimumSizeHint().height(),
        )

    def _write(self) -> None:
        """The titles, or where these do not fit their numbers, except the current step's."""
        bold = QFont(self.font())
        bold.setBold(True)
        metrics = QFontMetrics(bold)
        widths = [metrics.horizontalAdvance(f"{number}  {title}") for number, title in enumerate(self._titles, start=1)]
        all_fit = sum(widths) + len(widths) * (MARGIN_PIXELS + GAP_PIXELS) <= self.width()
        for number, (button, title, width) in enumerate(zip(self._buttons, self._titles, widths, strict=True)):
            whole = all_fit or number == self._current
            button.setText(f"{number + 1}  {title}" if whole else str(number + 1))
            button.setMinimumWidth(width + MARGIN_PIXELS if whole else NUMBER_PIXELS)

    def show_steps(self, current: int, last_open: int, waits_for: str) -> None:
        """Mark the current step, and shut those behind the last that can be gone to.

        Args:
            waits_for: why the others cannot be opened yet.
        """
        self._current = current
        for number, button in enumerate(self._buttons):
            button.setChecked(number == current)
            button.setEnabled(number <= last_open)
            button.setToolTip(self._titles[number] if number <= last_open else in_window_words(waits_for))
        self._write()

    def _on_clicked(self, number: int) -> None:
        self._buttons[number].setChecked(number == self._current)
        self.chosen.emit(number)
