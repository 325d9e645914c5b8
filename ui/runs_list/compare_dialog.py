"""Chooses the runs that one run is compared with."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.language.speech import mark, tr
from engine.store.run_history import RunRecord
from ui.screen_fit import open_at

SIZE = (420, 420)
NO_OTHERS = mark("There is no other run yet; run a second study first.")


class CompareDialog(QDialog):
    """Several can be chosen."""

    chosen = Signal(object)
    """The `RunRecord` and those that it is compared with, a tuple."""

    def __init__(self, record: RunRecord, others: Sequence[RunRecord], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("compare_with")
        self.setWindowTitle(tr("Compare {title} with", title=record.title))
        open_at(self, *SIZE)
        self._record = record
        self._list = QListWidget(objectName="compare_with.runs", accessibleName=tr("Runs to compare with"))
        self._list.setSelectionMode(QAbstractItemView.SelectionMode.MultiSelection)
        for other in others:
            item = QListWidgetItem(f"{other.title}\n    {other.run}", self._list)
            item.setData(Qt.ItemDataRole.UserRole, other)
        said = tr("Choose one run or more.") if others else tr(NO_OTHERS)
        buttons = QDialogButtonBox.StandardButton
        self._buttons = QDialogButtonBox(buttons.Ok | buttons.Cancel)
        layout = QVBoxLayout(self)
        layout.addWidget(QLabel(said, wordWrap=True))
        layout.addWidget(self._list, 1)
        layout.addWidget(self._buttons)
        self._list.itemSelectionChanged.connect(self._enable)
        self._buttons.accepted.connect(self._on_accepted)
        self._buttons.rejected.connect(self.reject)
        self._enable()

    def _enable(self) -> None:
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(bool(self._list.selectedItems()))

    def _on_accepted(self) -> None:
        others = [item.data(Qt.ItemDataRole.UserRole) for item in self._list.selectedItems()]
        self.accept()
        self.chosen.emit((self._record, *others))
