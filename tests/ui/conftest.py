"""Every test of the window shows it in the light theme, and fails on Qt's warnings and on threads left running."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QThread
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from engine.preferences.entries.theme_choice import ThemeChoice
from ui.lasting_constants import make_constants_last
from ui.theme import apply_theme

HERE = Path(__file__).parent
OFFSCREEN_ONLY = "This plugin does not support (propagateSizeHints|raise)"

make_constants_last()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.qt_log_level_fail("WARNING"))
            item.add_marker(pytest.mark.qt_log_ignore(OFFSCREEN_ONLY))


@pytest.fixture(autouse=True)
def light_theme(qapp: QApplication) -> None:
    apply_theme(qapp, ThemeChoice.LIGHT)


@pytest.fixture(autouse=True)
def no_qt_thread_is_left_running(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Python's own list of threads does not tell of Qt's: those that a test starts are noted down."""
    started: list[QThread] = []
    start = QThread.start

    def note_and_start(thread: QThread, *arguments: object) -> None:
        started.append(thread)
        start(thread, *arguments)  # type: ignore[call-overload]

    monkeypatch.setattr(QThread, "start", note_and_start)
    yield
    assert [thread.objectName() for thread in started if isValid(thread) and thread.isRunning()] == []
