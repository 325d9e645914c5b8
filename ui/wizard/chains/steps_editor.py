"""The steps of one chain: added from a menu, moved, removed, and set in a form made from their declaration."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QGroupBox,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.contract.step_parameters import StepParameters
from engine.language.sentence_recognition import recognised
from engine.language.speech import tr
from engine.workbench.step import STEPS
from ui.list_keys import act_on_key
from ui.menu_actions import added_action
from ui.side_by_side import SideBySide
from ui.wizard.chains.step_settings import StepSettings

LIST_WIDTH = 250
ROW_SPACING = 2


class StepsEditor(QWidget):
    """Shows what it is given and asks for changes; it holds no recipe."""

    changed = Signal(tuple, tuple)
    """All steps of the chain, with the change made, and for each the index that it had; None: it is new."""
    validity_changed = Signal()
    lost = Signal(str)
    """Why the chain has not what was typed in a form that is gone now."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps: tuple[StepParameters, ...] = ()
        self._chain_row = -1
        self._shown_row = -1
        """Of the step whose settings are shown."""
        self._list = QListWidget(objectName="steps.list")
        self._list.setAccessibleName(tr("Steps of the chain"))
        self._list.setSpacing(ROW_SPACING)
        self._list.setToolTip(tr("Drag to reorder, or Alt+Up and Alt+Down; Delete removes."))
        self._list.setDragDropMode(QListWidget.DragDropMode.InternalMove)
        self._add = QPushButton(tr("Add s&tep"), objectName="steps.add")
        self._add.setMenu(self._step_menu())
        self._up = QPushButton(tr("&Up"), objectName="steps.up")
        self._down = QPushButton(tr("&Down"), objectName="steps.down")
        self._remove = QPushButton(tr("Remove &step"), objectName="steps.remove")
        self._settings = StepSettings()
        self._lay_out()
        self._list.currentRowChanged.connect(self._show_settings)
        # After the drop is over: what answers rebuilds the list.
        self._list.model().rowsMoved.connect(lambda *_: QTimer.singleShot(0, self._on_dragged))
        self._up.clicked.connect(lambda: self._move(-1))
        self._down.clicked.connect(lambda: self._move(1))
        self._remove.clicked.connect(self._on_remove)
        self._settings.changed.connect(self._on_parameters)
        self._settings.validity_changed.connect(self.validity_changed)
        self._settings.lost.connect(self.lost)
        moves = (("Alt+Up", self._up), ("Alt+Down", self._down), ("Del", self._remove))  # not shown
        for keys, button in moves:
            act_on_key(keys, self._list, button.click)

    @property
    def refusal(self) -> str:
        """Why the chain has not what the form shows; empty where it has."""
        return self._settings.refusal

    def discard_refused(self) -> None:
        """Show the step's parameters instead of the refused values."""
        self._settings.discard_refused()

    def set_steps(self, steps: Sequence[StepParameters], chain_row: int) -> None:
        """Show the steps of the chain at a row, -1 for none; keeps the chosen step, also where it has moved."""
        row = max(self._list.currentRow(), 0) if chain_row == self._chain_row else 0
        if chain_row == self._chain_row and (moved := self._moved_to(steps)) is not None:
            row = moved
            self._settings.move_to((chain_row, row))
        self._steps, self._chain_row = tuple(steps), chain_row
        self._list.blockSignals(True)
        self._list.clear()
        for place, step in enumerate(steps):
            item = QListWidgetItem(f"{place + 1}. {recognised(step.label())}", self._list)
            item.setData(Qt.ItemDataRole.UserRole, place)
        self._list.setCurrentRow(min(row, len(steps) - 1))
        self._list.blockSignals(False)
        self._add.setEnabled(chain_row >= 0)
        self._show_settings()

    def forget_step(self) -> None:
        """The step that is shown is about to go, with its chain or alone."""
        self._settings.forget_place()

    def add_step(self, key: str) -> None:
        """Append a step with its default parameters and choose it."""
        self._emit((*self._steps, STEPS[key].Parameters(step=key)), (*self._rows(), None), len(self._steps))

    def choose(self, row: int) -> None:
        """Choose a step."""
        self._list.setCurrentRow(row)

    def _moved_to(self, steps: Sequence[StepParameters]) -> int | None:
        """Where the step that is shown is now, if the steps are the same in another order."""
        shown = self._shown_row
        if not 0 <= shown < len(self._steps) or tuple(steps) == self._steps:
            return None
        if sorted(map(repr, steps)) != sorted(map(repr, self._steps)):
            return None
        places = [place for place, step in enumerate(steps) if step == self._steps[shown]]
        return min(places, key=lambda place: abs(place - shown))

    def _step_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for key in STEPS:
            action = added_action(menu, tr(STEPS[key].title), partial(self.add_step, key))
            action.setToolTip(tr(STEPS[key].summary))
            action.setObjectName(f"steps.add.{key}")
        return menu

    def _lay_out(self) -> None:
        steps = QGroupBox(tr("Steps, first to last"))
        left = QVBoxLayout(steps)
        left.addWidget(self._list)
        # Beside others a long word would be cut.
        for pair in ((self._add,), (self._up, self._down), (self._remove,)):
            row = QHBoxLayout()
            for button in pair:
                row.addWidget(button)
            left.addLayout(row)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(SideBySide(steps, self._settings, LIST_WIDTH))

    def _show_settings(self, *_: object) -> None:
        row = self._shown_row = self._list.currentRow()
        chosen = self._steps[row] if 0 <= row < len(self._steps) else None
        self._remove.setEnabled(chosen is not None)
        self._up.setEnabled(chosen is not None and row > 0)
        self._down.setEnabled(chosen is not None and row < len(self._steps) - 1)
        if chosen is None:
            self._settings.show_nothing(
                tr("Add a step to this chain.") if self._chain_row >= 0 else tr("Add a chain first.")
            )
        else:
            self._settings.show_step(chosen, place=(self._chain_row, row))

    def _on_parameters(self, parameters: StepParameters) -> None:
        row = self._list.currentRow()
        self._emit((*self._steps[:row], parameters, *self._steps[row + 1 :]), self._rows(), row)

    def _on_dragged(self) -> None:
        order = [self._list.item(row).data(Qt.ItemDataRole.UserRole) for row in range(self._list.count())]
        if sorted(order) == list(self._rows()):
            self._arrange(order, self._list.currentRow())

    def _move(self, by: int) -> None:
        row = self._list.currentRow()
        order = list(self._rows())
        order[row], order[row + by] = order[row + by], order[row]
        self._arrange(order, row + by)

    def _on_remove(self) -> None:
        row = self._list.currentRow()
        self.forget_step()
        self._arrange([place for place in self._rows() if place != row], max(row - 1, 0))

    def _rows(self) -> tuple[int, ...]:
        return tuple(range(len(self._steps)))

    def _arrange(self, order: Sequence[int], row: int) -> None:
        """The steps at these rows, in this order."""
        self._emit(tuple(self._steps[place] for place in order), tuple(order), row)

    def _emit(self, steps: tuple[StepParameters, ...], steps_from: tuple[int | None, ...], row: int) -> None:
        self.changed.emit(steps, steps_from)
        self.choose(min(row, len(self._steps) - 1))
