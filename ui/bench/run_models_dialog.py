"""Chooses models among those of the finished runs."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from engine.language.speech import date_text, mark, tr
from engine.store.locations import Locations
from ui.message_bar import MessageBar
from ui.screen_fit import open_at
from workers.latest_call import LatestCall
from workers.models_of_runs import RunModels, run_models

SIZE = (520, 460)
WHAT_TO_DO = mark("Check the models to add; checking a run takes all of its models.")
NO_RUNS = mark("There is no finished run with models yet. Add a .tflite file instead, or run a study first.")
PATH_ROLE = int(Qt.ItemDataRole.UserRole)


class RunModelsDialog(QDialog):
    """Reads the list of runs in a thread."""

    models_chosen = Signal(list)
    """(path, title of its run) of each."""

    def __init__(self, locations: Locations, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("run_models")
        self.setWindowTitle(tr("Add models of finished runs"))
        open_at(self, *SIZE)
        self._tree = QTreeWidget(objectName="run_models.tree", headerHidden=True, wordWrap=True)
        self._tree.setAccessibleName(tr("Runs and their models"))
        self._message = MessageBar("run_models.message")
        self._message.say(tr(WHAT_TO_DO), "hint")
        buttons = QDialogButtonBox.StandardButton
        self._buttons = QDialogButtonBox(buttons.Ok | buttons.Cancel)
        layout = QVBoxLayout(self)
        layout.addWidget(self._message)
        layout.addWidget(self._tree, 1)
        layout.addWidget(self._buttons)
        self._call = LatestCall("run-models", self)
        self._call.succeeded.connect(self._on_listed)
        self._call.failed.connect(self._message.say)
        self._tree.itemChanged.connect(self._show_what_can_be_done)
        self._buttons.accepted.connect(self._on_accepted)
        self._buttons.rejected.connect(self.reject)
        self._show_what_can_be_done()
        self._call.request(lambda progress: run_models(locations, progress))

    def done(self, result: int) -> None:
        self._call.shut_down()
        super().done(result)

    def _on_listed(self, runs: tuple[RunModels, ...]) -> None:
        if not runs:
            self._message.say(tr(NO_RUNS), "hint")
        for run in runs:
            above = QTreeWidgetItem(self._tree, [f"{run.title}, {date_text(run.started)}"])
            above.setFlags(above.flags() | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsAutoTristate)
            above.setData(0, PATH_ROLE, run.title)
            for file in run.files:
                item = QTreeWidgetItem(above, [file.stem])
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(0, Qt.CheckState.Unchecked)
                item.setData(0, PATH_ROLE, str(file))
        if (first := self._tree.topLevelItem(0)) is not None:
            first.setExpanded(True)
            self._tree.setCurrentItem(first)

    def _chosen(self) -> list[tuple[Path, str]]:
        checked = [
            (run, model)
            for run in map(self._tree.topLevelItem, range(self._tree.topLevelItemCount()))
            if run is not None
            for model in map(run.child, range(run.childCount()))
            if model is not None
        ]
        return [
            (Path(model.data(0, PATH_ROLE)), str(run.data(0, PATH_ROLE)))
            for run, model in checked
            if model.checkState(0) is Qt.CheckState.Checked
        ]

    def _show_what_can_be_done(self, *_: object) -> None:
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(bool(self._chosen()))

    def _on_accepted(self) -> None:
        self.models_chosen.emit(self._chosen())
        self.accept()
