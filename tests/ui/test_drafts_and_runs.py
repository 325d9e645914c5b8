"""Nothing that was edited is lost, and runs are named, found again, resumed and deleted."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QListWidget, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from engine.contract.training_settings import TrainingSettings
from engine.store.draft_store import DraftStore
from engine.store.locations import Locations
from engine.store.run_history import RunState, list_runs
from engine.store.run_notes import RunNotes, write_notes
from tests.qt_fixtures import Answers
from tests.ui.study_events import RUN, study_events
from tests.ui.test_main_window import RECIPE, child, keep_run, open_window
from ui.main_window import MainWindow
from ui.runs_list.notes_dialog import NotesDialog
from ui.wizard.study_wizard import first_recipe

KEPT_MS = 5_000

pytestmark = pytest.mark.usefixtures("no_thread_is_left_behind")


@pytest.fixture
def locations(tmp_path: Path) -> Locations:
    return Locations(tmp_path / "runs").create()


@pytest.fixture
def window(qtbot: QtBot, settings: QSettings, locations: Locations) -> MainWindow:
    return open_window(qtbot, settings, locations)


def texts(window: MainWindow) -> list[str]:
    runs = child(window, QListWidget, "runs.list")
    return [runs.item(row).text().split("\n")[0] for row in range(runs.count())]


def edit(window: MainWindow, epochs: int) -> None:
    training = window.wizard.recipe().training
    window.wizard._draft.change(training=TrainingSettings(**(training.model_dump() | {"epochs": epochs})))


def test_a_new_study_keeps_the_one_that_was_edited(qtbot: QtBot, window: MainWindow, locations: Locations) -> None:
    qtbot.mouseClick(child(window, QPushButton, "runs.new"), Qt.MouseButton.LeftButton)
    edit(window, epochs=33)
    window.wizard.go_to(2)
    qtbot.mouseClick(child(window, QPushButton, "runs.new"), Qt.MouseButton.LeftButton)
    assert window.wizard.recipe() == first_recipe()
    assert window.wizard.page_number == 0
    (draft,) = DraftStore(locations).list()
    assert DraftStore(locations).read(draft.draft).training.epochs == 33
    assert texts(window) == ["✎ my-study"]
    runs = child(window, QListWidget, "runs.list")
    runs.itemClicked.emit(runs.item(0))
    assert window.wizard.recipe().training.epochs == 33
    window.close()


def test_an_untouched_study_leaves_no_draft(qtbot: QtBot, window: MainWindow, locations: Locations) -> None:
    for _ in range(3):
        qtbot.mouseClick(child(window, QPushButton, "runs.new"), Qt.MouseButton.LeftButton)
    window.close()
    assert DraftStore(locations).list() == ()


def test_a_draft_is_on_the_disk_a_moment_after_it_was_changed(
    qtbot: QtBot, window: MainWindow, locations: Locations
) -> None:
    """Whatever becomes of the program then."""
    window.wizard.new_study()
    edit(window, epochs=21)
    qtbot.waitUntil(lambda: len(DraftStore(locations).list()) == 1, timeout=KEPT_MS)
    edit(window, epochs=22)
    (draft,) = DraftStore(locations).list()
    qtbot.waitUntil(lambda: DraftStore(locations).read(draft.draft).training.epochs == 22, timeout=KEPT_MS)
    window.close()


def test_a_draft_goes_on_at_the_next_start(
    qtbot: QtBot, settings: QSettings, window: MainWindow, locations: Locations
) -> None:
    window.wizard.new_study()
    edit(window, epochs=44)
    window.close()
    again = open_window(qtbot, settings, locations)
    assert again.wizard.recipe().training.epochs == 44
    edit(again, epochs=45)
    again.close()
    (draft,) = DraftStore(locations).list()
    assert DraftStore(locations).read(draft.draft).training.epochs == 45


def test_duplicate_begins_a_study_and_keeps_the_draft(qtbot: QtBot, settings: QSettings, locations: Locations) -> None:
    keep_run(locations, RunState.DONE, study_events(locations.runs / RUN))
    window = open_window(qtbot, settings, locations)
    window.wizard.new_study()
    edit(window, epochs=9)
    (record,) = list_runs(locations)
    window._runs.duplicate_requested.emit(record)
    assert window.wizard.recipe() == RECIPE
    assert [DraftStore(locations).read(one.draft).training.epochs for one in DraftStore(locations).list()] == [9]
    window.close()


def test_a_run_is_renamed_tagged_and_found(qtbot: QtBot, settings: QSettings, locations: Locations) -> None:
    keep_run(locations, RunState.DONE, study_events(locations.runs / RUN))
    window = open_window(qtbot, settings, locations)
    (record,) = list_runs(locations)
    window._runs.notes_requested.emit(record)
    dialog = window.findChild(NotesDialog)
    assert dialog is not None
    dialog.findChild(QLineEdit, "notes.name").setText("the good one")  # type: ignore[union-attr]
    dialog.findChild(QPlainTextEdit, "notes.note").setPlainText("for the second figure")  # type: ignore[union-attr]
    dialog.findChild(QLineEdit, "notes.tags").setText("#paper, heart")  # type: ignore[union-attr]
    dialog.accept()
    (record,) = list_runs(locations)
    assert record.notes == RunNotes(name="the good one", note="for the second figure", tags=("paper", "heart"))
    assert texts(window) == ["✓ the good one"]
    search = child(window, QLineEdit, "runs.search")
    for words, found in (("figure", 1), ("PAPER good", 1), ("small study", 1), ("liver", 0), ("", 1)):
        search.setText(words)
        assert len(texts(window)) == found, words
    window.close()


@pytest.mark.parametrize("agreed", [True, False])
def test_a_run_is_moved_to_the_bin_with_what_only_it_uses(
    qtbot: QtBot,
    settings: QSettings,
    locations: Locations,
    answers: Answers,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    agreed: bool,
) -> None:
    keep_run(locations, RunState.DONE, study_events(locations.runs / RUN))
    stage = locations.stages / ("a" * 64)
    stage.mkdir()
    (stage / "model.tflite").write_bytes(bytes(3 * 2**20))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    window = open_window(qtbot, settings, locations)
    (record,) = list_runs(locations)
    answers.give(agreed)
    window._runs.delete_requested.emit(record)
    qtbot.waitUntil(lambda: bool(answers.asked), timeout=KEPT_MS)
    assert "1 finished stage, to the bin" in answers.asked[0]
    assert "3.5 MiB" in answers.asked[0]
    qtbot.waitUntil(lambda: len(list_runs(locations)) == (0 if agreed else 1), timeout=KEPT_MS)
    assert record.directory.exists() == stage.exists() == (not agreed)
    if agreed:
        assert sorted(path.name for path in (tmp_path / "Trash" / "files").iterdir()) == sorted([RUN, stage.name])
    window.close()


def test_two_windows_with_one_draft_keep_what_each_has_changed(
    qtbot: QtBot, settings: QSettings, window: MainWindow, locations: Locations, tmp_path: Path
) -> None:
    window.wizard.new_study()
    edit(window, epochs=21)
    qtbot.waitUntil(lambda: len(DraftStore(locations).list()) == 1, timeout=KEPT_MS)
    (draft,) = DraftStore(locations).list()
    other = open_window(qtbot, QSettings(str(tmp_path / "other.ini"), QSettings.Format.IniFormat), locations)
    other.wizard.open_draft(draft.draft)
    edit(other, epochs=31)
    qtbot.waitUntil(lambda: DraftStore(locations).read(draft.draft).training.epochs == 31, timeout=KEPT_MS)
    edit(window, epochs=41)
    qtbot.waitUntil(lambda: len(DraftStore(locations).list()) == 2, timeout=KEPT_MS)
    found = {one.draft: DraftStore(locations).read(one.draft).training.epochs for one in DraftStore(locations).list()}
    assert found[draft.draft] == 31
    assert sorted(found.values()) == [31, 41]
    qtbot.waitUntil(lambda: window.wizard.draft != draft.draft, timeout=KEPT_MS)
    other.close()
    window.close()


def test_a_draft_that_is_opened_alone_keeps_its_date(qtbot: QtBot, window: MainWindow, locations: Locations) -> None:
    window.wizard.new_study()
    edit(window, epochs=21)
    qtbot.waitUntil(lambda: len(DraftStore(locations).list()) == 1, timeout=KEPT_MS)
    (draft,) = DraftStore(locations).list()
    window.wizard.new_study()
    window.wizard.open_draft(draft.draft)
    qtbot.wait(1200)
    assert DraftStore(locations).list()[0].changed == draft.changed
    window.close()


def test_undo_takes_back_the_last_change_wherever_the_focus_is(qtbot: QtBot, window: MainWindow) -> None:
    window.wizard.new_study()
    window._stack.show_wizard()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    edit(window, epochs=21)
    name = child(window, QLineEdit, "dataset.path")
    name.setFocus()
    qtbot.keyClick(name, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.wizard.recipe().training.epochs == first_recipe().training.epochs
    assert window.wizard.page_number == 0 or window.wizard.page_number == 2
    window.close()


def test_a_renamed_run_is_called_so_in_its_heading_and_in_its_duplicate(
    qtbot: QtBot, settings: QSettings, locations: Locations
) -> None:
    log = keep_run(locations, RunState.DONE, study_events(locations.runs / RUN))
    write_notes(log.parent, RunNotes(name="Run <b>one</b>"))
    window = open_window(qtbot, settings, locations)
    runs = child(window, QListWidget, "runs.list")
    runs.itemClicked.emit(runs.item(0))
    title = child(window, QLabel, "dashboard.title")
    qtbot.waitUntil(lambda: title.text() == "Run <b>one</b>")
    assert title.textFormat() == Qt.TextFormat.PlainText
    qtbot.mouseClick(child(window, QPushButton, "dashboard.duplicate"), Qt.MouseButton.LeftButton)
    assert window.wizard.recipe().name == "Run <b>one</b>"
    window.close()


def test_the_file_of_a_draft_counts_at_the_next_start(
    qtbot: QtBot, settings: QSettings, window: MainWindow, locations: Locations
) -> None:
    """A killed program has remembered less than it has kept."""
    window.wizard.new_study()
    edit(window, epochs=50)
    window.close()
    (draft,) = DraftStore(locations).list()
    kept = DraftStore(locations).read(draft.draft)
    later = kept.model_copy(update={"training": kept.training.model_copy(update={"epochs": 20})})
    DraftStore(locations).opened(draft.draft, kept).write(later)
    again = open_window(qtbot, settings, locations)
    assert again.wizard.recipe().training.epochs == 20
    qtbot.wait(1000)
    assert len(DraftStore(locations).list()) == 1
    again.close()
