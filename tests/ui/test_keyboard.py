"""Everything can be reached and left with the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QTabBar, QWidget
from pytestqt.qtbot import QtBot

from engine.contract.dataset_settings import DatasetSettings
from engine.store.locations import Locations
from engine.store.run_history import RunRecord, RunState
from engine.store.run_notes import RunNotes
from tests.small_study import small_recipe
from tests.ui.bench.unsaid import unsaid_model
from tests.ui.study_events import study_events
from tests.written_runs import write_run
from ui.bench.feeding_dialog import FeedingDialog
from ui.bench.run_models_dialog import RunModelsDialog
from ui.main_window import MainWindow
from ui.runs_list.notes_dialog import NotesDialog
from ui.runs_list.recipe_dialog import RecipeDialog
from ui.wizard.chains.preset_dialog import PresetDialog
from ui.wizard.dataset.class_folders_dialog import ClassFoldersDialog

pytestmark = pytest.mark.usefixtures("no_thread_is_left_behind", "theme")

MAX_TABS = 150
RECORD = RunRecord("run", "hearts", 0.0, RunState.DONE, Path("run"), "", None, 0, RunNotes())


@pytest.fixture
def window(qtbot: QtBot, settings: QSettings, tmp_path: Path) -> MainWindow:
    window = MainWindow(settings, tmp_path / "runs")
    qtbot.addWidget(window, before_close_func=lambda closing: closing.wizard.shut_down())
    window.resize(1280, 900)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    return window


def reachable(root: QWidget) -> list[QWidget]:
    """What can have the focus, as a user sees it."""
    found = []
    for widget in root.findChildren(QWidget):
        by_tab = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        inner = widget.focusProxy() is not None or widget.objectName().startswith("qt_")
        if by_tab and widget.isVisible() and widget.isEnabled() and not inner:
            found.append(widget)
    return found


def walk(root: QWidget) -> list[QWidget]:
    """What has the focus in turn, from where it is, until Tab comes there again."""
    first = QApplication.focusWidget()
    assert first is not None
    seen = [first]
    for _ in range(MAX_TABS):
        focus = QApplication.focusWidget()
        assert focus is not None
        QTest.keyClick(focus, Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
        if focus is None or focus is first:
            break
        seen.append(focus)
    return seen


def assert_all_is_reached_in_order(window: MainWindow) -> None:
    first = window.findChild(QWidget, "runs.new")
    assert first is not None
    first.setFocus()
    seen = walk(window)
    assert [widget.objectName() for widget in reachable(window) if widget not in seen] == []
    # A tab bar has a name of Qt's own.
    bars = [bar for bar in window.findChildren(QTabBar) if bar.isVisible()]
    assert len(seen) <= len(reachable(window)) + len(bars)
    # Within one form or list of buttons the way goes down, and from left to right.
    for before, after in pairwise(seen):
        if before.parentWidget() is after.parentWidget():
            first_at, then_at = (widget.mapTo(window, QPoint()) for widget in (before, after))
            beside = then_at.y() >= first_at.y() or then_at.x() > first_at.x()
            assert beside, f"{before.objectName()} comes before {after.objectName()}"


def test_tab_comes_everywhere_on_every_page(qtbot: QtBot, window: MainWindow, heart_folder: Path) -> None:
    assert_all_is_reached_in_order(window)
    window.wizard.set_recipe(small_recipe(heart_folder))
    window._stack.show_wizard()
    for number in range(6):
        window.wizard.go_to(number)
        qtbot.waitUntil(lambda: not window.wizard.current_page.waits_for(), timeout=20_000)
        assert window.wizard.page_number == number
        qtbot.wait(300)
        assert_all_is_reached_in_order(window)
        names = [widget.objectName() for widget in walk(window)]
        assert names.index("wizard.step6") < names.index("wizard.help") < len(names)
    window.wizard.shut_down()


def test_tab_comes_everywhere_in_a_run_which_opens_no_window_of_its_own(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    board = window._stack._new_dashboard(small_recipe(tmp_path), tmp_path, "run")
    window._stack.setCurrentWidget(board)
    board.take(study_events(tmp_path))
    board.show_read()
    qtbot.waitUntil(board.is_up_to_date)
    qtbot.wait(100)
    assert QApplication.activeWindow() is window
    for tab in range(board.tabs.count()):
        board.tabs.setCurrentIndex(tab)
        assert_all_is_reached_in_order(window)
    board.shut_down()


def test_tab_comes_everywhere_on_the_test_bench(
    qtbot: QtBot, window: MainWindow, heart_folder: Path, shipped_toys: dict[str, Path]
) -> None:
    page = window.show_bench()
    assert_all_is_reached_in_order(window)
    page.take([*shipped_toys.values(), heart_folder])
    qtbot.waitUntil(lambda: not page.is_busy, timeout=20_000)
    qtbot.wait(100)
    assert_all_is_reached_in_order(window)
    page.shut_down()


def test_tab_comes_everywhere_on_the_comparison(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    folders = [write_run(tmp_path / "runs", name, {"baseline": (0,), "int8": (1,)}) for name in ("first", "second")]
    page = window._stack.compare_folders(folders)
    qtbot.waitUntil(lambda: page.comparison is not None, timeout=20_000)
    for tab in range(page.tabs.count()):
        page.tabs.setCurrentIndex(tab)
        qtbot.wait(100)
        assert_all_is_reached_in_order(window)
    page.shut_down()


DIALOGS: dict[str, Callable[[Path], QDialog]] = {
    "presets": lambda _: PresetDialog(),
    "class folders": lambda folder: ClassFoldersDialog(
        DatasetSettings(kind="image_folder", path=str(folder)), folder.parent / "cache"
    ),
    "notes": lambda folder: NotesDialog(RECORD),
    "recipe": lambda _: RecipeDialog("hearts", "schema = 1"),
    "models of runs": lambda folder: RunModelsDialog(Locations(folder.parent / "runs")),
    "feeding": lambda folder: FeedingDialog(unsaid_model(folder)),
}


@pytest.mark.parametrize("name", DIALOGS)
def test_escape_closes_a_dialogue(qtbot: QtBot, heart_folder: Path, name: str) -> None:
    dialog = DIALOGS[name](heart_folder)
    qtbot.addWidget(dialog)
    dialog.show()
    QTest.keyClick(dialog.focusWidget() or dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert dialog.result() == QDialog.DialogCode.Rejected
