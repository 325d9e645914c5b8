"""The dialog of preferences, by keyboard and mouse: a change holds at once, and what is refused is said beside it."""

from __future__ import annotations

import os
import sys
import threading
import tomllib
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QSpinBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from engine.preferences.entries.cache_limit import GIB, CacheLimit
from engine.preferences.entries.runs_folder import RunsFolder
from engine.preferences.entries.theme_choice import ColorTheme
from engine.preferences.entries.threads import Threads
from engine.preferences.preference import declared_preferences
from engine.preferences.preferences_file import change_preferences, preferences_file, read_preferences
from engine.store.locations import Locations
from tests.earlier_runs import FIRST, earlier_runs
from tests.qt_fixtures import Answers
from tests.screens import faults
from ui.main_window import RUN_HOLDS_FOLDER, MainWindow
from ui.preferences.preference_keeper import PreferenceKeeper
from ui.preferences.preferences_dialog import PreferencesDialog
from ui.theme import DARK

W = TypeVar("W")
SAME_DISK_BYTES = 3 * 1024**2


@pytest.fixture
def window(qtbot: QtBot, settings: QSettings, tmp_path: Path) -> MainWindow:
    change_preferences({RunsFolder: Locations(tmp_path / "runs").create().root})
    window = MainWindow(settings, tmp_path / "runs")
    qtbot.addWidget(window, before_close_func=lambda closing: closing.wizard.shut_down())
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


@pytest.fixture
def dialog(qtbot: QtBot, window: MainWindow) -> QDialog:
    return opened(qtbot, window)


def opened(qtbot: QtBot, window: MainWindow) -> QDialog:
    QTest.keyClick(window, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    dialog = child(window, QDialog, "preferences")
    qtbot.waitUntil(lambda: "measuring" not in child(dialog, QLabel, "preferences.cache.size").text())
    return dialog


def child(parent: object, kind: type[W], name: str) -> W:
    found = parent.findChild(kind, name)  # type: ignore[attr-defined]
    assert found is not None, name
    return found


def type_into(line: QLineEdit, text: str) -> None:
    line.setFocus()
    line.selectAll()
    for letter in text:
        QTest.keyClicks(QApplication.focusWidget(), letter)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)


def fault_of(dialog: QDialog, key: str) -> str:
    label = child(dialog, QLabel, f"preferences.{key}.fault")
    return label.text() if label.isVisible() and label.isEnabled() else ""


def test_another_runs_folder_is_listed_at_once(
    qtbot: QtBot, window: MainWindow, dialog: QDialog, tmp_path: Path
) -> None:
    earlier = earlier_runs(FIRST, tmp_path / "earlier")
    runs = child(window, QListWidget, "runs.list")
    assert runs.count() == 0
    type_into(child(dialog, QLineEdit, "preferences.runs_folder"), str(earlier.root))
    qtbot.waitUntil(lambda: runs.count() == 1)
    assert dialog.isVisible()
    assert read_preferences().value(RunsFolder) == earlier.root
    assert window.wizard.current_page is not None
    type_into(child(dialog, QLineEdit, "preferences.runs_folder"), str(tmp_path / "runs"))
    qtbot.waitUntil(lambda: runs.count() == 0)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("{file}", "{file} is a file; choose a folder."),
        ("{file}/runs", "{file}/runs cannot be made, because {file} is a file; choose another folder."),
        ("{there}/gone/runs", "There is no folder {there}/gone; check the path, or connect its disk."),
        ("some/where", "It has to be the whole path of a folder, from the root of the disk on."),
    ],
)
def test_a_folder_that_cannot_be_used_is_refused_beside_it(
    qtbot: QtBot, dialog: QDialog, tmp_path: Path, typed: str, sentence: str
) -> None:
    if sys.platform == "win32" and "/" in typed.replace("{there}/", ""):
        pytest.skip("paths are written in another way")
    (tmp_path / "file").touch()
    names = {"file": tmp_path / "file", "there": tmp_path}
    line = child(dialog, QLineEdit, "preferences.runs_folder")
    type_into(line, typed.format(**names))
    qtbot.waitUntil(lambda: fault_of(dialog, "runs_folder") == sentence.format(**names))
    assert line.text() == typed.format(**names)
    assert read_preferences().value(RunsFolder) == tmp_path / "runs"
    type_into(line, str(tmp_path / "new"))
    qtbot.waitUntil(lambda: fault_of(dialog, "runs_folder") == "")
    qtbot.waitUntil(lambda: read_preferences().value(RunsFolder) == tmp_path / "new")


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a folder that nobody can write")
def test_a_folder_without_permission_is_refused(qtbot: QtBot, dialog: QDialog) -> None:
    type_into(child(dialog, QLineEdit, "preferences.runs_folder"), "/proc/runs")
    qtbot.waitUntil(lambda: fault_of(dialog, "runs_folder").startswith("/proc cannot be written ("))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a file that does not answer")
def test_a_folder_that_does_not_answer_holds_nothing_up(
    qtbot: QtBot, dialog: QDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Reading a named pipe waits until somebody writes it, as a network that is gone does.
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    monkeypatch.setattr(RunsFolder, "fault", classmethod(lambda cls, value: pipe.read_text(encoding="utf-8")))
    type_into(child(dialog, QLineEdit, "preferences.runs_folder"), str(tmp_path / "slow"))
    qtbot.waitUntil(lambda: "does not answer" in fault_of(dialog, "runs_folder"), timeout=8000)
    assert read_preferences().value(RunsFolder) == tmp_path / "runs"
    # What is typed meanwhile counts, and what answers late does not.
    monkeypatch.undo()
    monkeypatch.setenv("NUTSHELL_PREFERENCES", str(tmp_path / "preferences.toml"))
    type_into(child(dialog, QLineEdit, "preferences.runs_folder"), str(tmp_path / "quick"))
    qtbot.waitUntil(lambda: read_preferences().value(RunsFolder) == tmp_path / "quick")
    before = threading.active_count()
    pipe.write_text("", encoding="utf-8")
    qtbot.waitUntil(lambda: threading.active_count() < before)
    qtbot.wait(50)
    assert read_preferences().value(RunsFolder) == tmp_path / "quick"


def test_the_runs_folder_stays_while_a_run_is_in_progress(
    qtbot: QtBot, window: MainWindow, dialog: QDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(window.controller), "is_running", lambda self: True)
    type_into(child(dialog, QLineEdit, "preferences.runs_folder"), str(tmp_path / "other"))
    assert fault_of(dialog, "runs_folder") == RUN_HOLDS_FOLDER
    assert read_preferences().value(RunsFolder) == tmp_path / "runs"
    monkeypatch.undo()
    monkeypatch.setenv("NUTSHELL_PREFERENCES", str(tmp_path / "preferences.toml"))


def test_what_is_typed_after_it_takes_the_place_of_what_is_being_checked(
    qtbot: QtBot, dialog: QDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(RunsFolder, "fault", classmethod(lambda cls, value: "" if go_on.wait(60) else "late"))
    line = child(dialog, QLineEdit, "preferences.runs_folder")
    type_into(line, str(tmp_path / "slow"))
    type_into(line, "no/whole/path")
    go_on.set()
    qtbot.wait(200)
    assert fault_of(dialog, "runs_folder").startswith("It has to be the whole path of a folder")
    assert read_preferences().value(RunsFolder) == tmp_path / "runs"


def test_the_theme_changes_at_once(qtbot: QtBot, dialog: QDialog) -> None:
    themes = child(dialog, QComboBox, "preferences.theme")
    themes.setFocus()
    QTest.keyClick(themes, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: QApplication.instance().property("theme") == DARK.name)  # type: ignore[union-attr]
    assert read_preferences().value(ColorTheme) == "dark"


def test_numbers_hold_when_they_are_typed_to_their_end(qtbot: QtBot, dialog: QDialog) -> None:
    threads = child(dialog, QSpinBox, "preferences.threads")
    threads.setFocus()
    threads.selectAll()
    QTest.keyClicks(QApplication.focusWidget(), "12")
    qtbot.wait(50)
    assert read_preferences().value(Threads) == 0
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: read_preferences().value(Threads) == 12)
    assert dialog.isVisible()


def test_the_cache_is_measured_and_cleared(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    entry = Locations(tmp_path / "runs").image_cache / ("a" * 64)
    entry.mkdir()
    (entry / "images.npy").write_bytes(bytes(SAME_DISK_BYTES))
    dialog = opened(qtbot, window)
    size, clear = child(dialog, QLabel, "preferences.cache.size"), child(dialog, QPushButton, "preferences.cache.clear")
    assert (size.text(), clear.text()) == (
        "Prepared images: 3.0 MiB; unused stages: 0 bytes",
        "&Clear cache now (3.0 MiB)",
    )
    qtbot.mouseClick(clear, Qt.MouseButton.LeftButton)
    told = child(dialog, QLabel, "preferences.cache.told")
    qtbot.waitUntil(lambda: told.text() == "3.0 MiB of the cache freed.")
    assert not entry.exists()
    assert not clear.isEnabled()


def test_a_lower_limit_holds_at_once(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    entry = Locations(tmp_path / "runs").image_cache / ("a" * 64)
    entry.mkdir()
    with (entry / "images.npy").open("wb") as stream:
        # A file with a hole takes no room on the disk.
        stream.truncate(GIB + 1)
    dialog = opened(qtbot, window)
    limit = child(dialog, QSpinBox, "preferences.cache_limit_gib")
    limit.setFocus()
    limit.selectAll()
    QTest.keyClicks(QApplication.focusWidget(), "1")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not entry.exists())
    assert read_preferences().value(CacheLimit) == 1
    told = child(dialog, QLabel, "preferences.cache.told")
    qtbot.waitUntil(lambda: told.text() == "1.0 GiB of the cache freed.")


def test_all_can_be_reset(
    qtbot: QtBot, window: MainWindow, answers: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The usual runs folder lies below it.
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    change_preferences({Threads: 3, CacheLimit: 7})
    window.preferences.read_again()
    dialog = opened(qtbot, window)
    answers.give(False, True)
    reset = child(dialog, QPushButton, "preferences.reset")
    qtbot.mouseClick(reset, Qt.MouseButton.LeftButton)
    assert read_preferences().value(Threads) == 3
    qtbot.mouseClick(reset, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: tomllib.loads(preferences_file().read_text(encoding="utf-8")) == {"format": 1})
    qtbot.waitUntil(lambda: child(dialog, QSpinBox, "preferences.cache_limit_gib").value() == CacheLimit.usual())
    qtbot.waitUntil(lambda: child(dialog, QLineEdit, "preferences.runs_folder").text() == "")
    assert child(dialog, QSpinBox, "preferences.threads").value() == 0


def test_what_another_window_changes_is_shown(qtbot: QtBot, window: MainWindow, dialog: QDialog) -> None:
    change_preferences({Threads: 5})
    window.preferences.read_again()
    assert child(dialog, QSpinBox, "preferences.threads").value() == 5
    assert read_preferences().value(Threads) == 5


def test_a_damaged_file_is_told_and_kept(qtbot: QtBot, settings: QSettings) -> None:
    preferences_file().write_text("theme = dark", encoding="utf-8")
    dialog = PreferencesDialog(PreferenceKeeper(), Locations(preferences_file().parent / "runs").create().root)
    qtbot.addWidget(dialog)
    dialog.show()
    trouble = child(dialog, QLabel, "preferences.trouble")
    assert trouble.text() == f"The preferences {preferences_file()} are damaged, so the usual ones are used."
    themes = child(dialog, QComboBox, "preferences.theme")
    themes.setFocus()
    QTest.keyClick(themes, Qt.Key.Key_L)
    qtbot.waitUntil(lambda: not trouble.isVisible())
    (kept,) = preferences_file().parent.glob("preferences.damaged-*.toml")
    assert kept.read_text(encoding="utf-8") == "theme = dark"


@pytest.mark.usefixtures("theme")
@pytest.mark.parametrize("size", [(680, 420), (500, 330)], ids=str)
def test_nothing_is_cut_also_with_faults(qtbot: QtBot, dialog: QDialog, tmp_path: Path, size: tuple[int, int]) -> None:
    dialog.resize(*size)
    for key in ("runs_folder", "weights_folder"):
        gone = tmp_path / "a disk with a long name" / "a folder in it" / "that is not there any more"
        type_into(child(dialog, QLineEdit, f"preferences.{key}"), str(gone))
        qtbot.waitUntil(lambda key=key: "There is no folder" in fault_of(dialog, key))
    qtbot.wait(100)
    assert faults(dialog) == []


def test_a_window_with_a_folder_of_its_own_stays_there_until_it_is_told_here(
    qtbot: QtBot, settings: QSettings, tmp_path: Path
) -> None:
    own, earlier = Locations(tmp_path / "own").create().root, earlier_runs(FIRST, tmp_path / "earlier").root
    window = MainWindow(settings, own)
    qtbot.addWidget(window, before_close_func=lambda closing: closing.wizard.shut_down())
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    change_preferences({RunsFolder: tmp_path / "other"})
    window.preferences.read_again()
    dialog = opened(qtbot, window)
    assert f"This window uses {own} until" in child(dialog, QLabel, "preferences.where").text()
    runs = child(window, QListWidget, "runs.list")
    type_into(child(dialog, QLineEdit, "preferences.runs_folder"), str(earlier))
    qtbot.waitUntil(lambda: runs.count() == 1)


def test_every_declared_preference_has_a_row(dialog: QDialog) -> None:
    letters = []
    for preference in declared_preferences():
        editor = child(dialog, QWidget, f"preferences.{preference.key}")
        assert editor.accessibleName() == preference.title.replace("&", "")
        letters.append(preference.title[preference.title.index("&") + 1].lower())
    letters += ["c", "d"]  # Clear cache now, Reset to defaults.
    assert len(set(letters)) == len(letters)
