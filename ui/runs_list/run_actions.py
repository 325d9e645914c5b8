"""What the menu of a run or draft does: rename, note, tag, show, verify, open its folder, delete."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

from PySide6.QtCore import QFile, QObject, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from engine.contract.errors import NutshellError
from engine.language.speech import mark, tr, tr_count
from engine.store.draft_store import Draft
from engine.store.locations import Locations
from engine.store.run_history import RunRecord, list_runs
from engine.store.run_notes import RunNotes, write_notes
from engine.store.run_removal import Removal, forget_run, planned_removal
from ui.byte_sizes import bytes_text
from ui.question import agrees, tell
from ui.results.report_dialog import ReportDialog
from ui.runs_list.compare_dialog import CompareDialog
from ui.runs_list.notes_dialog import NotesDialog
from ui.runs_list.recipe_dialog import RecipeDialog
from ui.runs_list.verify_dialog import VerifyDialog
from workers.latest_call import LatestCall

TO_THE_BIN, KEEP = mark("Move to the bin"), mark("Keep it")


class RunActions(QObject):
    """Asks where something would be lost."""

    changed = Signal()
    """The list is to be read again."""
    comparison_chosen = Signal(object)
    """The `RunRecord`s that are compared, two at least, a tuple."""
    removed = Signal(str)
    """The id of a run or draft that is no more."""

    def __init__(self, window: QWidget, locations: Locations) -> None:
        super().__init__(window)
        self.locations = locations
        self._window = window
        self._asked: RunRecord | None = None
        self._planning = LatestCall("run-removal", self)
        self._planning.succeeded.connect(self._on_planned)
        self._planning.failed.connect(lambda sentence: self._say(tr("Not deleted"), sentence))

    def shut_down(self) -> None:
        self._planning.shut_down()

    def write_notes(self, record: RunRecord) -> None:
        """Let the user rename a run, write a note, and tag it."""
        dialog = NotesDialog(record, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.chosen.connect(partial(self._on_notes, record))
        dialog.open()

    def compare(self, records: tuple[RunRecord, ...]) -> None:
        """Compare runs; of one alone the user chooses the others first."""
        if len(records) > 1:
            self.comparison_chosen.emit(records)
            return
        (record,) = records
        others = [one for one in list_runs(self.locations) if one.run != record.run]
        dialog = CompareDialog(record, others, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.chosen.connect(self.comparison_chosen)
        dialog.open()

    def show_recipe(self, record: RunRecord) -> None:
        try:
            text = (record.directory / "recipe.toml").read_text(encoding="utf-8")
        except OSError as error:
            self._say(
                tr("No recipe"),
                tr("{filename} cannot be read ({strerror}).", filename=error.filename, strerror=error.strerror),
            )
            return
        dialog = RecipeDialog(record.title, text, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def verify(self, record: RunRecord) -> None:
        """Compute the run's printed figures again, in a dialog."""
        dialog = VerifyDialog(record.title, record.directory, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def write_report(self, record: RunRecord) -> None:
        """Let the user write a page, a PDF, and tables and figures of a run."""
        dialog = ReportDialog(record.directory, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def open_folder(self, record: RunRecord) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(record.directory)))

    def delete(self, entry: RunRecord | Draft) -> None:
        """Move a run or a draft to the bin, after asking."""
        if isinstance(entry, Draft):
            question = tr('Move the draft "{name}" to the bin?', name=entry.name)
            if agrees(self._window, tr("Delete the draft"), question, tr(TO_THE_BIN), tr(KEEP)) and self._to_the_bin(
                (entry.file,)
            ):
                self.removed.emit(entry.draft)
                self.changed.emit()
            return
        self._asked = entry
        # Beside the event loop: a disk full of stages takes a while to be measured.
        locations, run = self.locations, entry.run
        self._planning.request(lambda _: planned_removal(locations, run))

    def _on_planned(self, removal: Removal) -> None:
        record = self._asked
        if record is None or record.run != removal.run:
            return
        kept = removal.kept_stages
        shared = tr(" {kept} of its stages are kept, because other runs use them.", kept=kept) if kept else ""
        stages = sum(path.is_dir() for path in removal.paths[1:])
        question = tr_count(
            'Move the run "{title}", with its files and {count} finished stage, to the bin? '
            "This frees {freed} once the bin is emptied.{shared}",
            'Move the run "{title}", with its files and {count} finished stages, to the bin? '
            "This frees {freed} once the bin is emptied.{shared}",
            stages,
            title=record.title,
            freed=bytes_text(removal.freed_bytes),
            shared=shared,
        )
        if not agrees(self._window, tr("Delete the run"), question, tr(TO_THE_BIN), tr(KEEP)):
            return
        if self._to_the_bin(tuple(path for path in removal.paths if path.exists())):
            try:
                forget_run(self.locations, removal.run)
            except NutshellError as error:
                self._say(tr("Not removed from the list"), str(error))
            self.removed.emit(removal.run)
        self.changed.emit()

    def _to_the_bin(self, paths: tuple[Path, ...]) -> bool:
        """Whether all are gone; asks once where there is no bin for some."""
        left = [path for path in paths if not QFile(str(path)).moveToTrash()]
        if not left:
            return True
        more = tr(" and {count} more", count=len(left) - 1) if len(left) > 1 else ""
        question = tr(
            "This system has no bin for {left}{more}. What is deleted permanently cannot be restored.",
            left=left[0],
            more=more,
        )
        if not agrees(self._window, tr("Delete permanently"), question, tr("Delete permanently"), tr(KEEP)):
            return False
        try:
            for path in left:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        except OSError as error:
            self._say(
                tr("Not deleted"),
                tr("{filename} cannot be deleted ({strerror}).", filename=error.filename, strerror=error.strerror),
            )
            return False
        return True

    def _on_notes(self, record: RunRecord, notes: RunNotes) -> None:
        try:
            write_notes(record.directory, notes)
        except OSError as error:
            self._say(
                tr("Not saved"),
                tr("{directory} cannot be written ({strerror}).", directory=record.directory, strerror=error.strerror),
            )
        self.changed.emit()

    def _say(self, title: str, sentence: str) -> None:
        tell(self._window, title, sentence)
