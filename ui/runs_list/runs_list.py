"""The earlier runs, newest first."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from engine.contract.errors import NutshellError
from engine.store.locations import Locations
from engine.store.run_history import RunRecord, RunState, list_runs

MARKS = {
    RunState.RUNNING: "▶",
    RunState.DONE: "✓",
    RunState.FAILED: "✕",
    RunState.CANCELLED: "■",
    RunState.INTERRUPTED: "!",
}


class RunsList(QWidget):
    """The left edge of the window."""

    new_requested = Signal()
    run_chosen = Signal(object)
    """A `RunRecord`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._new = QPushButton("New study", objectName="runs.new")
        self._list = QListWidget(objectName="runs.list")
        self._list.setAccessibleName("Earlier runs")
        self._list.setWordWrap(True)
        self._empty = QLabel("Runs appear here.", wordWrap=True)
        self._empty.setProperty("role", "hint")
        layout = QVBoxLayout(self)
        layout.addWidget(self._new)
        layout.addWidget(QLabel("Runs"))
        layout.addWidget(self._empty)
        layout.addWidget(self._list, 1)
        self._new.clicked.connect(self.new_requested)
        self._list.itemActivated.connect(self._on_chosen)
        self._list.itemClicked.connect(self._on_chosen)

    def refresh(self, locations: Locations) -> None:
        """Read the list again."""
        try:
            records = list_runs(locations)
        except NutshellError as error:
            records = ()
            self._empty.setText(str(error))
        self._list.clear()
        for record in records:
            item = QListWidgetItem(_text(record), self._list)
            item.setData(Qt.ItemDataRole.UserRole, record)
            item.setToolTip(f"{record.run}\n{record.state}{': ' + record.message if record.message else ''}")
        self._empty.setVisible(not records)

    def _on_chosen(self, item: QListWidgetItem) -> None:
        self.run_chosen.emit(item.data(Qt.ItemDataRole.UserRole))


def _text(record: RunRecord) -> str:
    when = time.strftime("%d %b %H:%M", time.localtime(record.started))
    if record.state is RunState.DONE and record.baseline_accuracy is not None:
        return f"{MARKS[record.state]} {record.name}\n    {when}, base {record.baseline_accuracy:.3f}"
    return f"{MARKS[record.state]} {record.name}\n    {when}, {record.state}"
