"""Qt tests run without a display, fail on Qt's warnings, and leave no thread behind."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QSettings, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox

from engine.preferences.entries.theme_choice import ThemeChoice
from ui.lasting_constants import make_constants_last
from ui.main_thread_collector import MainThreadCollector
from ui.theme import apply_theme

make_constants_last()


@pytest.fixture(autouse=True)
def garbage_in_this_thread(request: pytest.FixtureRequest) -> Iterator[None]:
    """As in the application: a search in a worker's thread could delete a window there."""
    if "qapp" not in request.fixturenames:
        yield
        return
    collector = MainThreadCollector(request.getfixturevalue("qapp"))
    yield
    collector.collect_if_due()
    collector.give_back()


@pytest.fixture
def no_thread_is_left_behind(qapp: object) -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = [thread for thread in set(threading.enumerate()) - before if thread.is_alive() and not thread.daemon]
    assert not left


class Answers:
    """Presses a button of each question that opens, a real one, and keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._do: list[bool] = []

    def give(self, *do: bool) -> None:
        """Answer the next questions: True presses the button that does it, False the safe one by Enter."""
        for answer in do:
            self._do.append(answer)
            QTimer.singleShot(0, self._press)

    def _press(self) -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            QTimer.singleShot(20, self._press)
            return
        self.asked.append(box.text())
        role = QMessageBox.ButtonRole.DestructiveRole
        doing = next((button for button in box.buttons() if box.buttonRole(button) is role), None)
        if doing is None:
            box.reject()
            raise AssertionError(f"this is no question: {box.text()}")
        if self._do.pop(0):
            doing.click()
        else:
            QTest.keyClick(box, Qt.Key.Key_Return)


@pytest.fixture
def answers(qapp: object) -> Answers:
    """What a user answers to questions."""
    return Answers()


@pytest.fixture
def theme(qapp: object) -> None:
    apply_theme(qapp, ThemeChoice.LIGHT)  # type: ignore[arg-type]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> QSettings:
    """Settings and preferences of this test only."""
    monkeypatch.setenv("NUTSHELL_PREFERENCES", str(tmp_path / "preferences.toml"))
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
