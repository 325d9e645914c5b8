"""A run in the background shows its progress and its end, and continues when the window is closed."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from engine.store.locations import Locations
from engine.store.run_history import RunState, list_runs
from tests.small_study import small_recipe
from ui.main_window import KEEP_RUNNING, MainWindow

RUN_MS = 300_000

pytestmark = pytest.mark.usefixtures("no_thread_is_left_behind")


def test_a_run_goes_on_without_its_window_and_the_program_ends_with_it(
    qtbot: QtBot, settings: QSettings, tmp_path: Path, heart_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = MainWindow(settings, tmp_path / "runs")
    qtbot.addWidget(window)
    window.show()
    titles: list[str] = []
    window.windowTitleChanged.connect(titles.append)
    ended: list[bool] = []
    monkeypatch.setattr(QApplication, "quit", lambda *_: ended.append(True))
    window.start_run(small_recipe(heart_folder))
    QTimer.singleShot(300, lambda: _press(KEEP_RUNNING))
    assert not window.close()
    assert window.isHidden()
    assert window.controller.is_running()
    qtbot.waitUntil(lambda: bool(ended), timeout=RUN_MS)
    assert not window.controller.is_running()
    assert window.windowTitle() == "Nutshell"
    assert any(" % – Nutshell" in title for title in titles)
    (record,) = list_runs(Locations(tmp_path / "runs"))
    assert record.state is RunState.DONE


def _press(text: str) -> None:
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    next(button for button in box.buttons() if button.text().replace("&", "") == text).click()
