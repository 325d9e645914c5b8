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
NO_RUNS = "Runs appear here and can be opened again."


class RunsList(QWidget):
    """The left edge of the window."""

    new_requested = Signal()
    live_requested = Signal()
    """Back to the run that goes on."""
    run_chosen = Signal(object)
    """A `RunRecord`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._new = QPushButton("New study", objectName="runs.new")
        self._live = QPushButton("▶ Show running study", objectName="runs.live")
        self._live.hide()
        self._list = QListWidget(objectName="runs.list")
        self._list.setAccessibleName("Earlier runs")
        self._list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setSpacing(2)
        self._empty = QLabel(NO_RUNS, wordWrap=True)
        self._empty.setProperty("role", "hint")
        layout = QVBoxLayout(self)
        layout.addWidget(self._new)
        layout.addWidget(self._live)
        layout.addWidget(QLabel("Runs"))
        layout.addWidget(self._empty)
        layout.addWidget(self._list, 1)
        self._new.clicked.connect(self.new_requested)
        self._live.clicked.connect(self.live_requested)
        self._list.itemActivated.connect(self._on_chosen)
        self._list.itemClicked.connect(self._on_chosen)

    def refresh(self, locations: Locations) -> None:
        """Read the list again; the chosen run stays chosen."""
        text = NO_RUNS
        records: tuple[RunRecord, ...] = ()
        try:
            records = list_runs(locations)
        except NutshellError as error:
            text = str(error)
        chosen = self._list.currentItem()
        chosen_run = chosen.data(Qt.ItemDataRole.UserRole).run if chosen else None
        self._list.clear()
        for record in records:
            item = QListWidgetItem(_text(record), self._list)
            item.setData(Qt.ItemDataRole.UserRole, record)
            item.setToolTip(_tip(record))
            if record.run == chosen_run:
                self._list.setCurrentItem(item)
        self._empty.setText(text)
        self._empty.setVisible(not records)

    def choose(self, run: str | None) -> None:
        """Mark the run that is shown; None where none is."""
        self._list.setCurrentItem(None)  # type: ignore[arg-type]
        for row in range(self._list.count()):
            if self._list.item(row).data(Qt.ItemDataRole.UserRole).run == run:
                self._list.setCurrentRow(row)

    def offer_live(self, offered: bool) -> None:
        """Whether there is a run to go back to."""
        self._live.setVisible(offered)

    def _on_chosen(self, item: QListWidgetItem) -> None:
        self.run_chosen.emit(item.data(Qt.ItemDataRole.UserRole))


def _text(record: RunRecord) -> str:
    when = time.strftime("%d %b %H:%M", time.localtime(record.started))
    what = f"{record.variants} variants" if record.state is RunState.DONE else str(record.state)
    return f"{MARKS[record.state]} {record.name}\n    {when}, {what}"


def _tip(record: RunRecord) -> str:
    lines = [record.name, f"{record.state}: {record.message}" if record.message else str(record.state)]
    if record.baseline_accuracy is not None:
        lines.append(f"Accuracy of the baseline: {record.baseline_accuracy:.3f}")
    return "\n".join([*lines, str(record.directory)])
