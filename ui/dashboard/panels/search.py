"""A search as it goes: every trial with its settings and figures, those on the front marked."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
)

from engine.contract.events import TrialFinished
from engine.contract.recipe import Recipe
from engine.contract.search_result import SearchResult
from engine.figures.search_words import objective_title, settings_text, value_text
from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, tr
from ui.dashboard.panel import Panel
from ui.message_bar import MessageBar
from ui.said_figure import said_figure
from ui.search_text import search_title
from ui.shown_run import ShownRun
from ui.theme import Theme

ON_FRONT = "★"


class SearchPanel(Panel):
    """One row per trial, the newest last; a double click goes to its file."""

    key: ClassVar[str] = "search"
    tab: ClassVar[str] = mark("Search")
    place: ClassVar[int] = 4

    def __init__(self, theme: Theme, settings: QSettings | None = None) -> None:
        super().__init__(theme, settings)
        self._directory: Path | None = None
        self._files: frozenset[str] = frozenset()
        """Names of the variants."""
        self._found: SearchResult | None = None
        self._shown: tuple[tuple[TrialFinished, ...], SearchResult | None] = ((), None)
        self.title = QLabel(objectName="search.title", wordWrap=True)
        self.note = MessageBar("search.note")
        self.table = QTableWidget(0, 0, objectName="search.table", tabKeyNavigation=False)
        self.table.setAccessibleName(tr("Trials of the search"))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.verticalHeader().hide()
        # What is long is wrapped, so that why a trial was stopped is seen in a narrow window too.
        self.table.setWordWrap(True)
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self._save = QPushButton(tr("Save its rec&ipe…"), objectName="search.save")
        self._save.setToolTip(tr("The recipe of the chosen trial alone; running it computes nothing again."))
        self._go = QPushButton(tr("Go to its fi&le"), objectName="search.go")
        buttons = QHBoxLayout()
        buttons.addWidget(self._go)
        buttons.addWidget(self._save)
        buttons.addStretch()
        layout = QVBoxLayout(self)
        layout.addWidget(self.title)
        layout.addWidget(self.table, 1)
        layout.addLayout(buttons)
        layout.addWidget(self.note)
        self.table.itemSelectionChanged.connect(self._enable)
        self.table.itemDoubleClicked.connect(lambda *_: self._on_go())
        self._go.clicked.connect(self._on_go)
        self._save.clicked.connect(self._on_save)
        self._enable()

    def show_state(self, state: ShownRun) -> None:
        self._directory, self._files = state.directory, frozenset(state.variants)
        found = state.result.search if state.result else None
        shown = (tuple(state.trials), found)
        if shown == self._shown:
            return
        self._shown, self._found = shown, found
        self.filled.emit(bool(state.trials))
        if not state.trials:
            self.table.setRowCount(0)
            return
        last = state.trials[-1]
        of = tr(" of {trials}", trials=last.trials) if last.trials else ""
        self.title.setText(
            f"{search_title(found)}."
            if found
            else tr("Trial {trial}{of} has ended. {on_front}: front", trial=last.trial, of=of, on_front=ON_FRONT)
        )
        self.note.say(found.note if found else "", "warning")
        front = {point.trial for point in found.front} if found else set(last.front)
        self._fill(shown[0], front, state.recipe)

    def _fill(self, trials: tuple[TrialFinished, ...], front: set[int], recipe: Recipe | None) -> None:
        chosen = self.table.currentRow()
        names = list(dict.fromkeys(name for trial in trials for name in trial.values))
        heads = ["", tr("trial"), *(recognised(objective_title(name)) for name in names), tr("settings"), tr("state")]
        self.table.setColumnCount(len(heads))
        self.table.setHorizontalHeaderLabels(heads)
        short, long = QHeaderView.ResizeMode.ResizeToContents, QHeaderView.ResizeMode.Stretch
        for column in range(len(heads)):
            self.table.horizontalHeader().setSectionResizeMode(column, short if column < len(heads) - 2 else long)
        self.table.setRowCount(len(trials))
        for row, trial in enumerate(trials):
            values = [
                said_figure(value_text(name, trial.values[name])) if name in trial.values else "–" for name in names
            ]
            state = recognised(f"{trial.state}: {trial.reason}" if trial.reason else trial.state)
            mark = ON_FRONT if trial.trial in front else ""
            for column, text in enumerate(
                (mark, str(trial.trial), *values, settings_text(trial.settings, recipe), state)
            ):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                if 0 < column <= len(names) + 1:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                font = item.font()
                font.setBold(trial.trial in front)
                item.setFont(font)
                self.table.setItem(row, column, item)
        if chosen >= 0:
            self.table.selectRow(chosen)

    def _chosen(self) -> int | None:
        rows = self.table.selectionModel().selectedRows()
        return self._shown[0][rows[0].row()].trial if rows else None

    def _enable(self) -> None:
        trial = self._chosen()
        self._go.setEnabled(trial is not None and self._has_file(trial))
        self._save.setEnabled(bool(self._recipe_of(trial)))

    def _has_file(self, number: int) -> bool:
        """A trial whose baseline was stopped while it trained has none."""
        trial = next(one for one in self._shown[0] if one.trial == number)
        return trial.state != "stopped" or f"baseline (trial {number})" in self._files  # not shown

    def _recipe_of(self, trial: int | None) -> str:
        """Where its recipe is, relative to the run's directory; empty: it is on no front."""
        points = self._found.front if self._found else ()
        return next((point.recipe for point in points if point.trial == trial), "")

    def _on_go(self) -> None:
        trial = self._chosen()
        points = self._found.front if self._found else ()
        name = next((point.variant for point in points if point.trial == trial), "")
        if trial is not None and self._has_file(trial):
            self.row_requested.emit(name or f"baseline (trial {trial})")  # not shown

    def _on_save(self) -> None:
        recipe, directory = self._recipe_of(self._chosen()), self._directory
        if not recipe or directory is None:
            return
        path, _ = QFileDialog.getSaveFileName(self, tr("Save the recipe"), Path(recipe).name, tr("Recipes (*.toml)"))
        if path:
            try:
                shutil.copyfile(directory / recipe, path)
                self.note.say(tr("Saved as {path}.", path=path), "good")
            except OSError as error:
                self.note.say(
                    tr(
                        "{path} cannot be written ({strerror}); choose another folder.",
                        path=path,
                        strerror=error.strerror,
                    )
                )
