"""The left edge of the window: drafts and earlier runs, newest first, which can be searched."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from html import escape
from types import MappingProxyType

from PySide6.QtCore import QItemSelectionModel, QPoint, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.contract.errors import NutshellError
from engine.language.speech import date_text, mark, tr
from engine.store.draft_store import Draft, DraftStore
from engine.store.locations import Locations
from engine.store.run_history import RunRecord, RunState, list_runs
from ui.counts import counted
from ui.list_keys import act_on_key
from ui.menu_actions import added_action

MARKS = {
    RunState.RUNNING: "▶",
    RunState.DONE: "✓",
    RunState.FAILED: "✕",
    RunState.CANCELLED: "■",
    RunState.INTERRUPTED: "!",
}
HELD_MARK = "‖"
NO_RUNS = mark("Runs appear here and can be opened again.")
NONE_FOUND = mark("No run or draft has these words in its name, note or tags.")
LEAST_WIDTH = 170
"""Pixels: a name, and what became of it, can be read."""
Entry = RunRecord | Draft


class RunsList(QWidget):
    """Shows what is in the runs folder, and asks for what is to be done with it."""

    new_requested = Signal()
    live_requested = Signal()
    """Back to the run in progress."""
    run_chosen = Signal(object)
    """A `RunRecord`."""
    draft_chosen = Signal(object)
    """A `Draft`."""
    notes_requested = Signal(object)
    """The `RunRecord` whose name, note and tags are to be written."""
    folder_requested = Signal(object)
    """The `RunRecord` whose folder is to be opened."""
    recipe_requested = Signal(object)
    """The `RunRecord` whose recipe is to be shown."""
    verify_requested = Signal(object)
    """The `RunRecord` whose printed figures are to be computed again."""
    report_requested = Signal(object)
    """The `RunRecord` of which a report is to be written."""
    duplicate_requested = Signal(object)
    """The `RunRecord` whose recipe is to begin a new study."""
    delete_requested = Signal(object)
    """A `RunRecord` or a `Draft`."""
    compare_requested = Signal(object)
    """The `RunRecord`s that are to be compared, a tuple; of one run: those to compare it with are to be chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumWidth(LEAST_WIDTH)
        self._entries: list[Entry] = []
        self._shown: str | None = None
        """The id of the run or draft that the window shows."""
        self._live_run: str | None = None
        self._held: Mapping[str, str] = {}
        self._fault = ""
        self._new = QPushButton(tr("Ne&w study"), objectName="runs.new")
        self._live = QPushButton(tr("▶ Show running stud&y"), objectName="runs.live")
        self._live.hide()
        self._search = QLineEdit(objectName="runs.search", placeholderText=tr("Search"), clearButtonEnabled=True)
        self._search.setAccessibleName(tr("Search runs by name, note or tag"))
        self._list = QListWidget(objectName="runs.list")
        self._list.setAccessibleName(tr("Drafts and earlier runs"))
        self._list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setWordWrap(True)
        self._list.setSpacing(2)
        self._list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self._list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._compare = QPushButton(tr("Compare mar&ked runs"), objectName="runs.compare")
        self._compare.hide()
        self._empty = QLabel(tr(NO_RUNS), wordWrap=True)
        self._empty.setProperty("role", "hint")
        layout = QVBoxLayout(self)
        for widget in (self._new, self._live, self._search, self._empty):
            layout.addWidget(widget)
        layout.addWidget(self._list, 1)
        layout.addWidget(self._compare)
        self._new.clicked.connect(self.new_requested)
        self._live.clicked.connect(self.live_requested)
        self._search.textChanged.connect(self._fill)
        self._list.itemActivated.connect(self._on_activated)
        self._list.itemSelectionChanged.connect(self._offer_comparison)
        self._compare.clicked.connect(lambda: self.compare_requested.emit(self.selected_runs))
        self._list.itemClicked.connect(self._on_chosen)
        self._list.customContextMenuRequested.connect(self._on_menu)
        act_on_key("Del", self._list, self._on_delete)
        act_on_key("F2", self._list, self._on_rename)

    @property
    def records(self) -> tuple[RunRecord, ...]:
        """The runs that there are, the newest first."""
        return tuple(entry for entry in self._entries if isinstance(entry, RunRecord))

    @property
    def selected_runs(self) -> tuple[RunRecord, ...]:
        """In the order of the list."""
        rows = sorted(self._list.row(item) for item in self._list.selectedItems())
        entries = [self._list.item(row).data(Qt.ItemDataRole.UserRole) for row in rows]
        return tuple(entry for entry in entries if isinstance(entry, RunRecord))

    def refresh(
        self, locations: Locations, live_run: str | None = None, held: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Read the list again; what is chosen stays chosen.

        Args:
            live_run: the run that this window runs; another in progress is of another window.
            held: the runs in progress that are known to be held, or about to be → how, such as "paused".
        """
        self._live_run, self._held, self._fault = live_run, held, ""
        self._entries = [*DraftStore(locations).list()]
        try:
            self._entries += list_runs(locations)
        except NutshellError as error:
            self._fault = str(error)
        self._fill()

    def choose(self, shown: str | None) -> None:
        """Mark the run or draft that is shown; None where none is."""
        self._shown = shown
        if len(self.selected_runs) > 1:
            # Those that are being marked stay so; Enter acts on them.
            if self._list.currentItem() is None:
                keep = QItemSelectionModel.SelectionFlag.NoUpdate
                self._list.setCurrentItem(self._list.selectedItems()[0], keep)
            return
        self._list.setCurrentItem(None)  # type: ignore[arg-type]
        for row in range(self._list.count()):
            if _id(self._list.item(row).data(Qt.ItemDataRole.UserRole)) == shown:
                self._list.setCurrentRow(row)

    def offer_live(self, offered: bool) -> None:
        """Whether there is a run to go back to."""
        self._live.setVisible(offered)

    def _fill(self) -> None:
        words = self._search.text().casefold().split()
        found = [entry for entry in self._entries if all(word in _searched(entry) for word in words)]
        selected = {record.run for record in self.selected_runs}
        self._list.clear()
        for entry in found:
            item = QListWidgetItem(self._text(entry), self._list)
            item.setData(Qt.ItemDataRole.UserRole, entry)
            # A tool tip that looks like HTML would be taken for it.
            item.setToolTip(f"<span>{escape(_tip(entry))}</span>".replace("\n", "<br>"))
            # One alone is the run that is shown, which `choose` marks.
            item.setSelected(len(selected) > 1 and _id(entry) in selected)
        self._empty.setText(self._fault or (tr(NONE_FOUND) if self._entries else tr(NO_RUNS)))
        self._empty.setVisible(not found or bool(self._fault))
        self._search.setVisible(bool(self._entries))
        self.choose(self._shown)

    def _text(self, entry: Entry) -> str:
        """The name, and what it is first: a narrow list cuts the end."""
        if isinstance(entry, Draft):
            return tr(
                "✎ {name}\n    draft, {when}",
                name=entry.name,
                when=date_text(entry.changed),
            )
        what = counted(entry.variants, "variant") if entry.state is RunState.DONE else str(entry.state)
        mark = MARKS[entry.state]
        if entry.state is RunState.RUNNING:
            how = self._held.get(entry.run, "")
            mark = HELD_MARK if how else mark
            what = (how or what) + ("" if entry.run == self._live_run else " elsewhere")
        when = date_text(entry.started)
        tags = "".join(f" #{tag}" for tag in entry.notes.tags)
        return f"{mark} {entry.title}\n    {what}, {when}{tags}"

    def _offer_comparison(self) -> None:
        several = len(self.selected_runs)
        self._compare.setText(tr("Compare {several} mar&ked runs", several=several))
        self._compare.setVisible(several > 1)

    def _on_activated(self, item: QListWidgetItem) -> None:
        if len(self.selected_runs) > 1:
            self.compare_requested.emit(self.selected_runs)
        else:
            self._on_chosen(item)

    def _on_chosen(self, item: QListWidgetItem) -> None:
        selected = self._list.selectedItems()
        # Marking several, or taking a mark away, opens nothing.
        if len(selected) > 1 or (selected and item not in selected):
            return
        entry = item.data(Qt.ItemDataRole.UserRole)
        (self.draft_chosen if isinstance(entry, Draft) else self.run_chosen).emit(entry)

    def _on_menu(self, place: QPoint) -> None:
        item = self._list.itemAt(place)
        if item is None:
            return
        menu = self.menu_of(item.data(Qt.ItemDataRole.UserRole))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._list.viewport().mapToGlobal(place))

    def menu_of(self, entry: Entry) -> QMenu:
        """What can be done with a run or draft."""
        menu = QMenu(self)
        if isinstance(entry, Draft):
            menu.addAction(tr("&Open"), partial(self.draft_chosen.emit, entry))
        else:
            menu.addAction(tr("&Open"), partial(self.run_chosen.emit, entry))
            menu.addAction(tr("&Rename, note, tags…\tF2"), partial(self.notes_requested.emit, entry))
            menu.addAction(tr("&Duplicate"), partial(self.duplicate_requested.emit, entry))
            runs = self.selected_runs
            if len(runs) > 1 and entry in runs:
                menu.addAction(
                    tr("&Compare these {count} runs", count=len(runs)), partial(self.compare_requested.emit, runs)
                )
            else:
                menu.addAction(tr("&Compare with…"), partial(self.compare_requested.emit, (entry,)))
            menu.addAction(tr("Show its rec&ipe"), partial(self.recipe_requested.emit, entry))
            verify = added_action(menu, tr("&Verify its figures…"), partial(self.verify_requested.emit, entry))
            verify.setEnabled(entry.state in (RunState.DONE, RunState.FAILED))
            menu.addAction(tr("Repor&t…"), partial(self.report_requested.emit, entry))
            menu.addAction(tr("Open its &folder"), partial(self.folder_requested.emit, entry))
        menu.addSeparator()
        delete = added_action(menu, tr("Move to the &bin…\tDel"), partial(self.delete_requested.emit, entry))
        delete.setEnabled(isinstance(entry, Draft) or entry.state is not RunState.RUNNING)
        return menu

    def _current(self) -> Entry | None:
        item = self._list.currentItem()
        return item.data(Qt.ItemDataRole.UserRole) if item else None

    def _on_delete(self) -> None:
        entry = self._current()
        if isinstance(entry, Draft) or (entry is not None and entry.state is not RunState.RUNNING):
            self.delete_requested.emit(entry)

    def _on_rename(self) -> None:
        if isinstance(entry := self._current(), RunRecord):
            self.notes_requested.emit(entry)


def _id(entry: Entry) -> str:
    return entry.draft if isinstance(entry, Draft) else entry.run


def _searched(entry: Entry) -> str:
    """The text that a search looks into."""
    if isinstance(entry, Draft):
        return entry.name.casefold()
    return " ".join((entry.title, entry.name, entry.run, entry.notes.note, *entry.notes.tags)).casefold()


def _tip(entry: Entry) -> str:
    if isinstance(entry, Draft):
        return tr("{name}\nA study that is being prepared: {file}", name=entry.name, file=entry.file)
    lines = [
        entry.title,
        f"{entry.state}: {entry.message}" if entry.message else str(entry.state),
    ]
    if entry.notes.note:
        lines.append(entry.notes.note)
    if entry.baseline_accuracy is not None:
        lines.append(tr("Accuracy of the baseline: {baseline_accuracy:.3f}", baseline_accuracy=entry.baseline_accuracy))
    return "\n".join([*lines, str(entry.directory)])
