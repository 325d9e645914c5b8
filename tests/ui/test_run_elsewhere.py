"""A run that another window or a terminal has started is paused, resumed and cancelled from here."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QLabel, QListWidget, QPushButton
from pytestqt.qtbot import QtBot

from engine.contract.events import EpochFinished
from engine.store.locations import Locations
from engine.store.run_history import RunState, list_runs
from tests.qt_fixtures import Answers
from tests.small_study import small_recipe
from tests.ui.test_main_window import child, open_window
from ui.main_window import KEEP_RUNNING
from workers.engine_process import EngineProcess
from workers.process_outcome import Ending

RUN_MS = 120_000

pytestmark = pytest.mark.usefixtures("no_thread_is_left_behind")


def test_it_is_paused_resumed_and_cancelled(
    qtbot: QtBot, settings: QSettings, tmp_path: Path, heart_folder: Path, answers: Answers
) -> None:
    locations = Locations(tmp_path / "runs").create()
    recipe = small_recipe(heart_folder)
    recipe = recipe.model_copy(update={"training": recipe.training.model_copy(update={"epochs": 500})})
    process = EngineProcess(recipe, locations.root)
    trains = threading.Event()

    def drain() -> None:
        for batch in process.batches():
            if any(isinstance(event, EpochFinished) for event in batch):
                trains.set()

    reader = threading.Thread(target=drain)
    reader.start()
    assert trains.wait(RUN_MS / 1000)
    window = open_window(qtbot, settings, locations)
    runs = child(window, QListWidget, "runs.list")
    runs.itemClicked.emit(runs.item(0))
    pause, time = child(window, QPushButton, "dashboard.pause"), child(window, QLabel, "dashboard.time")
    assert pause.isVisible()
    assert time.text() != "ended"
    qtbot.mouseClick(pause, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: time.text() == "paused", timeout=RUN_MS)
    assert "paused elsewhere" in runs.item(0).text()
    qtbot.mouseClick(pause, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: time.text() != "paused", timeout=RUN_MS)
    qtbot.waitUntil(lambda: "running elsewhere" in runs.item(0).text())
    answers.give(True)
    qtbot.mouseClick(child(window, QPushButton, "dashboard.cancel"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not reader.is_alive(), timeout=RUN_MS)
    assert process.outcome().ending is Ending.CANCELLED
    (record,) = list_runs(locations)
    assert record.state is RunState.CANCELLED
    qtbot.waitUntil(child(window, QPushButton, "dashboard.resume_run").isVisible, timeout=RUN_MS)
    window.close()


def test_a_paused_run_goes_on_when_its_window_is_closed(
    qtbot: QtBot, settings: QSettings, tmp_path: Path, heart_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locations = Locations(tmp_path / "runs").create()
    window = open_window(qtbot, settings, locations)
    ended: list[bool] = []
    monkeypatch.setattr("ui.main_window.QApplication.quit", lambda *_: ended.append(True))
    monkeypatch.setattr("ui.main_window.chosen_of", lambda *_: KEEP_RUNNING)
    window.start_run(small_recipe(heart_folder))
    board = window.dashboard
    assert board is not None
    qtbot.waitUntil(lambda: board.state.current is not None, timeout=RUN_MS)
    window.controller.pause()
    qtbot.waitUntil(lambda: board.state.paused, timeout=RUN_MS)
    assert not window.close()
    qtbot.waitUntil(lambda: bool(ended), timeout=RUN_MS)
    (record,) = list_runs(locations)
    assert record.state is RunState.DONE
