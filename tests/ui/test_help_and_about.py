"""Help opens inside the app at the page that fits, and the program knows its own version."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt, QUrl
from PySide6.QtWidgets import QListWidget, QTextBrowser, QToolButton
from pytestqt.qtbot import QtBot

from engine.launch.program import VERSION
from ui.help_window import DOCUMENTATION, PAGE_OF_TOPIC, HelpWindow
from ui.main_window import ABOUT, MainWindow

pytestmark = pytest.mark.usefixtures("no_thread_is_left_behind")


@pytest.fixture
def window(qtbot: QtBot, settings: QSettings, tmp_path: Path) -> MainWindow:
    window = MainWindow(settings, tmp_path / "runs")
    qtbot.addWidget(window, before_close_func=lambda closing: closing.wizard.shut_down())
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


def heading(window: MainWindow) -> str:
    help_window = window.findChild(HelpWindow)
    assert help_window is not None
    assert help_window.isVisible()
    text = help_window.findChild(QTextBrowser, "help.text")
    assert text is not None
    return text.document().firstBlock().text()


def test_f1_and_the_question_mark_open_the_page_that_fits(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.keyClick(window, Qt.Key.Key_F1)
    assert heading(window) == _title("first-steps.md")
    window._stack.show_wizard()
    mark = window.findChild(QToolButton, "wizard.help")
    assert mark is not None
    qtbot.mouseClick(mark, Qt.MouseButton.LeftButton)
    assert heading(window) == _title("data.md")


@pytest.mark.parametrize("name", sorted(set(PAGE_OF_TOPIC.values())))
def test_every_page_that_help_opens_is_there(name: str) -> None:
    assert (DOCUMENTATION / name).is_file()


def test_a_link_to_another_page_stays_inside(qtbot: QtBot) -> None:
    shown = HelpWindow()
    qtbot.addWidget(shown)
    shown.show_topic("start")
    shown._on_link(QUrl("measuring.md"))
    pages = shown.findChild(QListWidget, "help.pages")
    assert pages is not None
    assert pages.currentItem().data(Qt.ItemDataRole.UserRole) == "measuring.md"


def test_about_says_the_version_of_the_package(checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION
    assert "{version}" in ABOUT


def _title(name: str) -> str:
    return (DOCUMENTATION / name).read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
