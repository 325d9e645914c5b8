"""Runs that earlier versions have written, in the window: listed, opened, with what they found, and compared."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QListWidget
from pytestqt.qtbot import QtBot

from engine.steps.magnitude_pruning.evidence import PruningRounds
from engine.store.event_log import NEWER_EVENTS
from engine.store.kept_format import RUN_FORMAT
from engine.store.run_format import note_run_format
from tests.earlier_runs import VERSIONS, earlier_runs, only_run
from ui.dashboard.panels.activation_ranges import RangesPanel
from ui.main_window import MainWindow


@pytest.fixture
def window(qtbot: QtBot, settings: QSettings, tmp_path: Path, request: pytest.FixtureRequest) -> MainWindow:
    window = MainWindow(settings, earlier_runs(request.param, tmp_path / "runs").root)
    qtbot.addWidget(window, before_close_func=lambda closing: closing.wizard.shut_down())
    window.show()
    return window


def click_first_run(qtbot: QtBot, window: MainWindow) -> None:
    runs = window.findChild(QListWidget, "runs.list")
    assert runs is not None
    qtbot.mouseClick(runs.viewport(), Qt.MouseButton.LeftButton, pos=runs.visualItemRect(runs.item(0)).center())


@pytest.mark.parametrize("window", VERSIONS, indirect=True)
def test_it_opens_with_what_its_steps_found(qtbot: QtBot, window: MainWindow) -> None:
    click_first_run(qtbot, window)
    board = window.dashboard
    assert board is not None
    assert list(board.state.variants) == ["baseline", "P"]
    ((stage, rounds),) = board.state.found(PruningRounds)
    assert (stage, len(rounds.rounds)) == ("pruning 50 %", 2)
    ranges = board.findChild(RangesPanel)
    assert ranges is not None
    assert ranges._record is not None
    assert NEWER_EVENTS not in [line.text for line in board.state.log]
    compare = window._stack.compare_folders([only_run(window._locations)])
    qtbot.waitUntil(lambda: compare.isVisible())


@pytest.mark.parametrize("window", VERSIONS[:1], indirect=True)
def test_one_of_a_later_version_is_told(qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = only_run(window._locations)
    note_run_format(directory, RUN_FORMAT.version + 1)
    told: list[str] = []
    monkeypatch.setattr("ui.dashboard.run_stack.tell", lambda parent, title, sentence: told.append(sentence))
    click_first_run(qtbot, window)
    (sentence,) = told
    assert sentence.startswith(f"A later version of Nutshell has written the run folder {directory}; update")
    assert window.dashboard is None
