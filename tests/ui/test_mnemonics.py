"""Every button of the window has a letter under Alt, and on no page do two things have the same one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from engine.contract.dataset_settings import DatasetSettings
from engine.store.locations import Locations
from tests.small_study import small_recipe
from tests.ui.bench.unsaid import unsaid_model
from tests.ui.study_events import study_events
from tests.written_runs import write_run
from ui.bench.feeding_dialog import FeedingDialog
from ui.bench.run_models_dialog import RunModelsDialog
from ui.main_window import MainWindow
from ui.question import _with_letters
from ui.wizard.chains.preset_dialog import PresetDialog
from ui.wizard.dataset.class_folders_dialog import ClassFoldersDialog

pytestmark = pytest.mark.usefixtures("no_thread_is_left_behind", "theme")

BY_ENTER_OR_ESCAPE = {"OK", "Cancel", "Close", "Save"}


@pytest.fixture
def window(qtbot: QtBot, settings: QSettings, tmp_path: Path) -> MainWindow:
    window = MainWindow(settings, tmp_path / "runs")
    qtbot.addWidget(window, before_close_func=lambda closing: closing.wizard.shut_down())
    window.show()
    return window


def letters(root: QWidget) -> list[str]:
    """Of the buttons that are seen; one without a letter counts as its text."""
    found = []
    for button in root.findChildren(QPushButton):
        own = button.property("role") != "recent" and ".repair" not in button.objectName()
        if button.isVisible() and own and button.text() not in BY_ENTER_OR_ESCAPE:
            found.append(QKeySequence.mnemonic(button.text()).toString() or button.text())
    return found


def assert_all_differ(found: list[str]) -> None:
    assert [letter for letter in found if not letter.startswith("Alt+")] == []
    assert [letter for letter, count in Counter(found).items() if count > 1] == []


def test_on_every_page_of_the_guide(qtbot: QtBot, window: MainWindow, heart_folder: Path) -> None:
    menus = [QKeySequence.mnemonic(action.text()).toString() for action in window.menuBar().actions()]
    assert_all_differ(menus + letters(window))
    window.wizard.set_recipe(small_recipe(heart_folder))
    window._stack.show_wizard()
    window._runs.offer_live(True)
    for number in range(6):
        window.wizard.go_to(number)
        assert window.wizard.page_number == number
        qtbot.waitUntil(lambda: not window.wizard.current_page.waits_for(), timeout=20_000)
        assert_all_differ(menus + letters(window))
    window.wizard.shut_down()


def test_on_every_tab_of_a_run(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    menus = [QKeySequence.mnemonic(action.text()).toString() for action in window.menuBar().actions()]
    board = window._stack._new_dashboard(small_recipe(tmp_path), tmp_path, "run")
    window._stack.setCurrentWidget(board)
    window._runs.offer_live(True)
    events = study_events(tmp_path)
    for events_so_far, live in ((events[: len(events) // 2], True), (events, False)):
        board.take(events_so_far)
        board.begin("hearts") if live else board.show_read()
        qtbot.waitUntil(board.is_up_to_date)
        for tab in range(board.tabs.count()):
            board.tabs.setCurrentIndex(tab)
            assert_all_differ(menus + letters(window))
    board.shut_down()


def test_on_the_test_bench(qtbot: QtBot, window: MainWindow, heart_folder: Path, shipped_toys: dict[str, Path]) -> None:
    menus = [QKeySequence.mnemonic(action.text()).toString() for action in window.menuBar().actions()]
    page = window.show_bench()
    window._runs.offer_live(True)
    page.take([shipped_toys["int8"], heart_folder])
    assert_all_differ(menus + letters(window))
    qtbot.waitUntil(lambda: not page.is_busy, timeout=20_000)
    assert_all_differ(menus + letters(window))
    page.shut_down()


def test_on_the_comparison_of_runs(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    menus = [QKeySequence.mnemonic(action.text()).toString() for action in window.menuBar().actions()]
    folders = [write_run(tmp_path / "runs", name, {"baseline": (0,), "int8": (1,)}) for name in ("first", "second")]
    page = window._stack.compare_folders(folders)
    window._runs.offer_live(True)
    window._runs._compare.show()
    qtbot.waitUntil(lambda: page.comparison is not None, timeout=20_000)
    for tab in range(page.tabs.count()):
        page.tabs.setCurrentIndex(tab)
        assert_all_differ(menus + letters(window))
    page.shut_down()


DIALOGS: dict[str, Callable[[Path], QDialog]] = {
    "presets": lambda _: PresetDialog(),
    "class folders": lambda folder: ClassFoldersDialog(
        DatasetSettings(kind="image_folder", path=str(folder)), folder.parent / "cache"
    ),
    "models of runs": lambda folder: RunModelsDialog(Locations(folder.parent / "runs")),
    "feeding": lambda folder: FeedingDialog(unsaid_model(folder)),
}


@pytest.mark.parametrize("name", DIALOGS)
def test_in_every_dialogue(qtbot: QtBot, heart_folder: Path, name: str) -> None:
    dialog = DIALOGS[name](heart_folder)
    qtbot.addWidget(dialog)
    dialog.show()
    assert_all_differ(letters(dialog))
    dialog.reject()


def test_the_buttons_of_a_question_differ() -> None:
    ways = ("Cancel the run and close", "Keep running without the window", "Close")
    assert [QKeySequence.mnemonic(text).toString() for text in _with_letters(ways)] == ["Alt+C", "Alt+K", "Alt+L"]
