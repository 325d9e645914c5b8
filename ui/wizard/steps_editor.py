"""The steps of one chain: added from a menu, moved, removed, and set in a form made from their declaration."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.contract.step_parameters import StepParameters
from engine.steps.step import STEPS
from ui.form.parameter_form import ParameterForm
from ui.message_bar import MessageBar

LIST_WIDTH = 230


class StepsEditor(QWidget):
    """Shows what it is given and asks for changes; it holds no recipe."""

    changed = Signal(tuple)
    """All steps of the chain, with the change made."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps: tuple[StepParameters, ...] = ()
        self._form: ParameterForm | None = None
        self._shown_kind = ("", -1)
        self._list = QListWidget(objectName="steps.list")
        self._list.setAccessibleName("Steps of the chain")
        self._add = QPushButton("Add step", objectName="steps.add")
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        for key in STEPS:
            action = self._menu.addAction(STEPS[key].title, partial(self.add_step, key))
            action.setToolTip(STEPS[key].summary)
            action.setObjectName(f"steps.add.{key}")
        self._add.setMenu(self._menu)
        self._up = QPushButton("Up", objectName="steps.up")
        self._down = QPushButton("Down", objectName="steps.down")
        self._remove = QPushButton("Remove", objectName="steps.remove")
        self._title = QLabel(wordWrap=True)
        self._message = MessageBar("steps.message")
        self._lay_out()
        self._list.currentRowChanged.connect(self._show_form)
        self._up.clicked.connect(lambda: self._move(-1))
        self._down.clicked.connect(lambda: self._move(1))
        self._remove.clicked.connect(self._on_remove)

    def set_steps(self, steps: Sequence[StepParameters], enabled: bool) -> None:
        """Show these steps; keeps the chosen row."""
        row = max(self._list.currentRow(), 0)
        self._steps = tuple(steps)
        self._list.blockSignals(True)
        self._list.clear()
        for place, step in enumerate(steps, start=1):
            QListWidgetItem(f"{place}. {step.label()}", self._list).setToolTip(STEPS[step.step].title)
        self._list.setCurrentRow(min(row, len(steps) - 1))
        self._list.blockSignals(False)
        self._add.setEnabled(enabled)
        self._show_form()

    def add_step(self, key: str) -> None:
        """Append a step with its default parameters and choose it."""
        self._emit((*self._steps, STEPS[key].Parameters()), len(self._steps))

    def _lay_out(self) -> None:
        steps = QGroupBox("Steps, first to last")
        left = QVBoxLayout(steps)
        left.addWidget(self._list)
        left.addWidget(self._add)
        row = QHBoxLayout()
        for button in (self._up, self._down, self._remove):
            row.addWidget(button)
        left.addLayout(row)
        steps.setFixedWidth(LIST_WIDTH + 40)
        self._settings = QGroupBox("Settings of the chosen step")
        self._right = QVBoxLayout(self._settings)
        self._right.addWidget(self._title)
        self._right.addWidget(self._message)
        self._right.addStretch()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(steps)
        layout.addWidget(self._settings, 1)

    def _show_form(self, *_: object) -> None:
        row = self._list.currentRow()
        chosen = self._steps[row] if 0 <= row < len(self._steps) else None
        self._remove.setEnabled(chosen is not None)
        self._up.setEnabled(chosen is not None and row > 0)
        self._down.setEnabled(chosen is not None and row < len(self._steps) - 1)
        self._message.say("")
        if chosen is None:
            self._title.setText("Add a step to this chain." if self._add.isEnabled() else "Add a chain first.")
            self._drop_form()
            return
        self._title.setText(f"{STEPS[chosen.step].summary} <i>({STEPS[chosen.step].paper})</i>")
        if self._shown_kind != (chosen.step, row) or self._form is None:
            self._drop_form()
            fields = tuple(name for name in type(chosen).model_fields if name != "step")
            self._form = ParameterForm(chosen, fields, f"step.{chosen.step}")
            self._form.changed.connect(self._on_parameters)
            self._form.refused.connect(self._message.say)
            self._right.insertWidget(1, self._form)
            self._shown_kind = (chosen.step, row)
        else:
            self._form.set_model(chosen)

    def _drop_form(self) -> None:
        if self._form is not None:
            self._right.removeWidget(self._form)
            self._form.hide()
            self._form.deleteLater()
            self._form = None

    def _on_parameters(self, parameters: StepParameters) -> None:
        row = self._list.currentRow()
        self._emit((*self._steps[:row], parameters, *self._steps[row + 1 :]), row)

    def _move(self, by: int) -> None:
        row = self._list.currentRow()
        steps = list(self._steps)
        steps[row], steps[row + by] = steps[row + by], steps[row]
        self._emit(tuple(steps), row + by)

    def _on_remove(self) -> None:
        row = self._list.currentRow()
        self._emit((*self._steps[:row], *self._steps[row + 1 :]), max(row - 1, 0))

    def _emit(self, steps: tuple[StepParameters, ...], row: int) -> None:
        self.changed.emit(steps)
        self._list.setCurrentRow(min(row, len(self._steps) - 1))
