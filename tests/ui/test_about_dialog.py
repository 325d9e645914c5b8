"""Help → About: versions, links to the documentation, and the licences of all parts, to be searched and read."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QTableView, QTabWidget, QTextBrowser
from pytestqt.qtbot import QtBot

from engine.launch.program import VERSION
from engine.licences.collection import collected_licences
from engine.store.locations import Locations
from tests.ui.test_main_window import child, open_window
from ui.about.about_dialog import LINKS, AboutDialog
from ui.about.long_text import PIECE, LongText
from ui.help_window import DOCUMENTATION, HelpWindow
from ui.licence_text import part_text

pytestmark = pytest.mark.usefixtures("no_thread_is_left_behind")


def test_the_menu_opens_it_and_licences_are_found_by_typing(qtbot: QtBot, settings: QSettings, tmp_path: Path) -> None:
    window = open_window(qtbot, settings, Locations(tmp_path / "runs"))
    entry = next(action for action in window.findChildren(QAction) if action.text() == "&About Nutshell")
    entry.trigger()
    entry.trigger()
    [dialog] = window.findChildren(AboutDialog)
    assert VERSION in child(dialog, QLabel, "about.text").text()
    assert "MIT licence" in child(dialog, QLabel, "about.text").text()
    table = child(dialog, QTableView, "licences.table")
    copy = next(button for button in dialog.findChildren(QPushButton) if button.text() == "&Copy versions")
    qtbot.waitUntil(copy.isEnabled, timeout=60_000)
    copy.click()
    copied = QGuiApplication.clipboard().text()
    assert f"Python {platform.python_version()}\nTensorFlow {version('tensorflow')}\n" in copied
    child(dialog, QTabWidget, "about.tabs").setCurrentIndex(1)
    whole = table.model().rowCount()
    search = child(dialog, QLineEdit, "licences.search")
    search.setFocus()
    for letter in "lgpl-3":
        QTest.keyClick(QApplication.focusWidget(), letter)
    names = {table.model().index(row, 0).data() for row in range(table.model().rowCount())}
    assert {"PySide6_Essentials", "Qt 6 (in PySide6_Essentials)", "shiboken6"} == names
    assert whole > len(names)
    text = child(dialog, LongText, "licences.text")
    assert text.toPlainText().startswith("PySide6_Essentials ")
    QTest.keyClicks(QApplication.focusWidget(), "x")
    assert child(dialog, QLabel, "licences.said").isVisible()
    assert text.toPlainText() == ""
    child(dialog, QLabel, "about.links").linkActivated.emit("licences.md")
    pages = window.findChild(HelpWindow)
    assert pages is not None
    assert child(pages, QTextBrowser, "help.text").document().firstBlock().text() == "Licences"
    dialog.reject()
    window.close()


@pytest.mark.parametrize("page", [page for _, page in LINKS])
def test_every_page_that_it_links_to_is_there(page: str) -> None:
    assert (DOCUMENTATION / page).is_file()


def test_the_longest_text_is_whole_and_comes_in_pieces(qtbot: QtBot) -> None:
    longest = max((part_text(part) for part in collected_licences().parts), key=len)
    text = LongText("text", "Text")
    qtbot.addWidget(text)
    text.show_text(longest)
    assert not text.is_complete
    assert len(text.toPlainText()) <= PIECE
    qtbot.waitUntil(lambda: text.is_complete, timeout=20_000)
    assert text.toPlainText() == longest
    text.show_text(longest)
    text.show_text("short")
    qtbot.wait(50)
    assert text.toPlainText() == "short"
    assert not text.textCursor().hasSelection()
    assert text.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByKeyboard
