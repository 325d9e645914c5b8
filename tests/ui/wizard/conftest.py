"""The wizard on the screen, its children by name, and the ways through it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from engine.contract.recipe import Recipe
from ui.wizard.study_wizard import PAGES, StudyWizard

SCAN_MS = 20_000

W = TypeVar("W", bound=QWidget)


@dataclass
class OpenWizard:
    """A wizard that is shown, and hands that use it."""

    qtbot: QtBot
    wizard: StudyWizard

    def child(self, kind: type[W], name: str) -> W:
        """The widget of an object name."""
        found = self.wizard.findChild(kind, name)
        assert found is not None, f"there is no {kind.__name__} {name}"
        return found

    def click(self, name: str) -> None:
        """Press a button that can be pressed."""
        button = self.child(QAbstractButton, name)
        assert button.isEnabled(), f"{name} cannot be pressed"
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def write(self, name: str, text: str) -> None:
        """Type a text in the place of what a line holds."""
        line = self.child(QLineEdit, name)
        line.setFocus()
        line.selectAll()
        self.qtbot.keyClicks(line, text)

    def choose(self, name: str, value: object) -> None:
        """Choose a value in a list that opens."""
        combo = self.child(QComboBox, name)
        assert combo.findData(value) >= 0, f"{name} has no {value}"
        combo.setCurrentIndex(combo.findData(value))

    def open_folder(self, folder: Path) -> None:
        """Choose a folder of images on the first page."""
        self.choose("dataset.kind", "image_folder")
        self.write("dataset.path", str(folder))
        self.qtbot.keyClick(self.child(QLineEdit, "dataset.path"), Qt.Key.Key_Return)

    @property
    def can_go_on(self) -> bool:
        """Whether Next, or on the last page Run, can be pressed."""
        return self.button().isEnabled()

    def button(self) -> QAbstractButton:
        """Next, or on the last page Run."""
        last = self.wizard.page_number == PAGES - 1
        return self.child(QAbstractButton, "wizard.run" if last else "wizard.next")

    def next(self, pages: int = 1) -> None:
        """Wait until the page is complete, and go on to the next."""
        for _ in range(pages):
            self.qtbot.waitUntil(lambda: self.can_go_on, timeout=SCAN_MS)
            page = self.wizard.page_number
            self.qtbot.mouseClick(self.button(), Qt.MouseButton.LeftButton)
            assert self.wizard.page_number != page

    def go_to(self, page: int) -> None:
        """Open a page, once those before it are complete."""
        for number in range(page + 1):
            self.wizard.go_to(number)
            self.qtbot.waitUntil(lambda: not self.wizard.current_page.waits_for(), timeout=SCAN_MS)
        assert self.wizard.page_number == page

    def back(self) -> None:
        """Go back to the page before."""
        self.click("wizard.back")

    def wait_for_message(self, name: str) -> str:
        """What a message says, once it says something."""
        message = self.child(QLabel, name)
        self.qtbot.waitUntil(lambda: message.isVisible() and bool(message.text()), timeout=SCAN_MS)
        return message.text()

    @property
    def recipe(self) -> Recipe:
        return self.wizard.recipe()


@pytest.fixture
def open_wizard(qtbot: QtBot, settings: QSettings, tmp_path: Path) -> Iterator[OpenWizard]:
    """A new user's wizard."""
    wizard = StudyWizard(settings, tmp_path / "runs")
    qtbot.addWidget(wizard)
    wizard.resize(1000, 680)
    wizard.show()
    # Keys go to the active window only.
    wizard.activateWindow()
    qtbot.waitUntil(wizard.isActiveWindow)
    yield OpenWizard(qtbot, wizard)
    wizard.shut_down()
