"""The window: earlier runs open again, one run at a time with a real engine, and closing asks first."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, QSettings, Qt
from PySide6.QtWidgets import QLabel, QListWidget, QPushButton, QTreeView, QWidget
from pytestqt.qtbot import QtBot

from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.events import EngineEvent, EpochFinished, Paused, Resumed, event_line
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import recipe_text
from engine.contract.training_settings import TrainingSettings
from engine.preferences.entries.theme_choice import ColorTheme, ThemeChoice
from engine.preferences.preferences_file import change_preferences, read_preferences
from engine.store.database import open_database
from engine.store.locations import Locations
from engine.store.run_commands import COMMANDS_FILE
from engine.store.run_history import RunState, list_runs, record_end, record_start
from tests.qt_fixtures import Answers
from tests.ui.study_events import RUN, result, study_events, until
from ui.dashboard.dashboard import CUT_OFF, RUNS_ELSEWHERE
from ui.dashboard.run_stack import BUSY
from ui.dashboard.stage_tree_model import StageColumn
from ui.main_window import CANCEL_AND_CLOSE, CLOSING_QUESTION, KEEP_RUNNING, MainWindow
from ui.theme import DARK

STARTED_MS = 60_000
FOLLOWED_MS = 5_000

pytestmark = pytest.mark.usefixtures("no_thread_is_left_behind")

RECIPE = Recipe(
    name="small study",
    dataset=DatasetSettings(limit_per_class=30),
    images=ImageSettings(size=32, color="grayscale"),
    backbone=BackboneSettings(width=0.125),
    training=TrainingSettings(epochs=50),
)


@pytest.fixture
def locations(tmp_path: Path) -> Locations:
    return Locations(tmp_path / "runs").create()


def keep_run(locations: Locations, state: RunState, events: list[EngineEvent]) -> Path:
    """Leave a run as the engine leaves it; returns its event log."""
    directory = locations.runs / RUN
    directory.mkdir(exist_ok=True)
    (directory / "recipe.toml").write_text(recipe_text(RECIPE), encoding="utf-8")
    log = directory / "events.jsonl"
    log.write_text("".join(event_line(event) + "\n" for event in events), encoding="utf-8")
    with open_database(locations.database) as database:
        record_start(database, RUN, "small study")
        if state is RunState.INTERRUPTED:
            database.execute("UPDATE runs SET pid_started = 0")
        elif state is not RunState.RUNNING:
            record_end(database, RUN, state, result=result(directory) if state is RunState.DONE else None)
    return log


@pytest.fixture
def events(locations: Locations) -> list[EngineEvent]:
    return study_events(locations.runs / RUN)


@pytest.fixture
def window(qtbot: QtBot, settings: QSettings, locations: Locations) -> MainWindow:
    return open_window(qtbot, settings, locations)


def open_window(qtbot: QtBot, settings: QSettings, locations: Locations) -> MainWindow:
    window = MainWindow(settings, locations.root)
    qtbot.addWidget(window, before_close_func=lambda closing: closing.wizard.shut_down())
    window.show()
    return window


def child(window: MainWindow, kind: type, name: str) -> QWidget:
    found = window.findChild(kind, name)
    assert found is not None, name
    return found


def open_first_run(window: MainWindow) -> None:
    runs = child(window, QListWidget, "runs.list")
    runs.itemClicked.emit(runs.item(0))


def test_a_finished_run_opens_again_and_its_recipe_goes_into_the_wizard(
    qtbot: QtBot, settings: QSettings, locations: Locations, events: list[EngineEvent]
) -> None:
    keep_run(locations, RunState.DONE, events)
    window = open_window(qtbot, settings, locations)
    open_first_run(window)
    dashboard = window.dashboard
    assert dashboard is not None
    qtbot.waitUntil(lambda: dashboard.bars.bars() == 6)
    open_first_run(window)
    assert window.dashboard is dashboard
    qtbot.mouseClick(child(window, QPushButton, "dashboard.duplicate"), Qt.MouseButton.LeftButton)
    assert window.dashboard is None
    assert window.wizard.recipe() == RECIPE


def test_a_run_that_was_cut_off_can_go_on(
    qtbot: QtBot, settings: QSettings, locations: Locations, events: list[EngineEvent]
) -> None:
    log = keep_run(locations, RunState.INTERRUPTED, until(events, EpochFinished, number=3))
    with log.open("ab") as stream:
        stream.write(b'{"version":1,"event":"epoch_fin')
    window = open_window(qtbot, settings, locations)
    open_first_run(window)
    assert window.dashboard is not None
    assert child(window, QWidget, "dashboard.banner.text").text() == CUT_OFF
    assert child(window, QPushButton, "dashboard.resume_run").isVisible()
    assert len(window.dashboard.state.variants) == 0


def test_a_run_of_another_process_is_followed(
    qtbot: QtBot, settings: QSettings, locations: Locations, events: list[EngineEvent]
) -> None:
    begun = until(events, EpochFinished, number=3)
    log = keep_run(locations, RunState.RUNNING, begun)
    window = open_window(qtbot, settings, locations)
    open_first_run(window)
    dashboard = window.dashboard
    assert dashboard is not None
    assert child(window, QWidget, "dashboard.banner.text").text() == RUNS_ELSEWHERE
    assert not child(window, QPushButton, "dashboard.resume_run").isVisible()
    with log.open("a", encoding="utf-8") as stream:
        stream.write("".join(event_line(event) + "\n" for event in events[len(begun) :]))
    qtbot.waitUntil(lambda: dashboard.state.result is not None, timeout=FOLLOWED_MS)
    qtbot.waitUntil(lambda: not child(window, QWidget, "dashboard.banner").isVisible())


def test_a_pause_of_a_run_elsewhere_is_shown_before_its_engine_takes_it(
    qtbot: QtBot, settings: QSettings, locations: Locations, events: list[EngineEvent]
) -> None:
    log = keep_run(locations, RunState.RUNNING, until(events, EpochFinished, number=3))
    window = open_window(qtbot, settings, locations)
    open_first_run(window)
    runs, time = child(window, QListWidget, "runs.list"), child(window, QLabel, "dashboard.time")
    stages, pause = child(window, QTreeView, "dashboard.stages"), child(window, QPushButton, "dashboard.pause")

    def status() -> str:
        model = stages.model()
        return model.index(0, StageColumn.STATUS, QModelIndex()).data()

    def take(event: EngineEvent) -> None:
        with log.open("a", encoding="utf-8") as stream:
            stream.write(event_line(event) + "\n")

    assert runs.item(0).text().startswith("▶")
    qtbot.mouseClick(pause, Qt.MouseButton.LeftButton)
    assert time.text() == "pausing…"
    assert "pausing… elsewhere" in runs.item(0).text()
    assert ask_file(log).read_text(encoding="utf-8").count('"pause"') == 1
    take(Paused())
    qtbot.waitUntil(lambda: time.text() == "paused", timeout=FOLLOWED_MS)
    assert runs.item(0).text().startswith("‖")
    assert "paused elsewhere" in runs.item(0).text()
    qtbot.waitUntil(lambda: status() == "paused", timeout=FOLLOWED_MS)
    qtbot.mouseClick(pause, Qt.MouseButton.LeftButton)
    take(Resumed())
    qtbot.waitUntil(lambda: "running elsewhere" in runs.item(0).text(), timeout=FOLLOWED_MS)
    qtbot.waitUntil(lambda: status() != "paused", timeout=FOLLOWED_MS)
    qtbot.mouseClick(pause, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(pause, Qt.MouseButton.LeftButton)
    assert "running elsewhere" in runs.item(0).text(), "a pause that was not taken yet is called off"


def ask_file(log: Path) -> Path:
    return log.with_name(COMMANDS_FILE)


def test_the_list_of_runs_keeps_its_room_in_a_narrow_window(
    qtbot: QtBot, settings: QSettings, locations: Locations, events: list[EngineEvent]
) -> None:
    keep_run(locations, RunState.RUNNING, until(events, EpochFinished, number=3))
    window = open_window(qtbot, settings, locations)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.resize(700, 600)
    qtbot.wait(50)
    qtbot.keyClick(window, Qt.Key.Key_F9)
    open_first_run(window)
    qtbot.wait(50)
    runs, now = child(window, QListWidget, "runs.list"), child(window, QLabel, "dashboard.now")
    assert window.width() == 700
    assert runs.isVisible()
    assert runs.width() > 140
    assert now.width() >= now.fontMetrics().horizontalAdvance(now.text())
    buttons = [child(window, QPushButton, f"dashboard.{name}") for name in ("pause", "stop", "cancel", "duplicate")]
    assert all(button.isVisible() and button.width() >= button.sizeHint().width() for button in buttons)


@pytest.mark.parametrize("answer", [KEEP_RUNNING, CANCEL_AND_CLOSE])
def test_a_run_that_ends_while_the_closing_question_stands_lets_the_window_close(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    runs = [True]

    def ask(*_: object) -> str:
        runs[0] = False
        return answer

    monkeypatch.setattr(window.controller, "is_running", lambda: runs[0])
    monkeypatch.setattr("ui.main_window.chosen_of", ask)
    assert window.close()
    runs[0] = True
    window.show()
    monkeypatch.setattr("ui.main_window.chosen_of", lambda *_: "Stay here")
    assert not window.close()
    runs[0] = False


def test_a_run_without_its_files_is_a_sentence(
    qtbot: QtBot,
    settings: QSettings,
    locations: Locations,
    events: list[EngineEvent],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keep_run(locations, RunState.DONE, events).unlink()
    window = open_window(qtbot, settings, locations)
    said: list[str] = []
    monkeypatch.setattr("ui.dashboard.run_stack.tell", lambda *arguments: said.append(arguments[2]))
    open_first_run(window)
    assert "events.jsonl cannot be read" in said[0]
    assert window.dashboard is None


def test_one_run_at_a_time_and_closing_asks(
    qtbot: QtBot, window: MainWindow, locations: Locations, monkeypatch: pytest.MonkeyPatch, answers: Answers
) -> None:
    said: list[str] = []
    monkeypatch.setattr("ui.dashboard.run_stack.tell", lambda *arguments: said.append(arguments[2]))
    window.start_run(RECIPE)
    live = window.dashboard
    assert live is not None
    qtbot.waitUntil(lambda: live.state.started is not None, timeout=STARTED_MS)
    window.start_run(RECIPE)
    assert said == [BUSY]
    assert window.dashboard is live

    qtbot.mouseClick(child(window, QPushButton, "runs.new"), Qt.MouseButton.LeftButton)
    assert window.dashboard is None
    qtbot.mouseClick(child(window, QPushButton, "runs.live"), Qt.MouseButton.LeftButton)
    assert window.dashboard is live
    assert not child(window, QPushButton, "runs.live").isVisible()

    answers.give(False)
    assert not window.close()
    assert answers.asked == [CLOSING_QUESTION]
    assert window.controller.is_running()
    answers.give(True)
    assert window.close()
    assert not window.controller.is_running()
    (record,) = list_runs(locations)
    assert record.state is not RunState.RUNNING


def test_a_theme_that_is_chosen_changes_plots_and_is_remembered(
    qtbot: QtBot, settings: QSettings, locations: Locations, events: list[EngineEvent]
) -> None:
    keep_run(locations, RunState.DONE, events)
    window = open_window(qtbot, settings, locations)
    open_first_run(window)
    assert window.dashboard is not None
    window.preferences.take(change_preferences({ColorTheme: ThemeChoice.DARK.value}))
    assert window.dashboard.curves.loss.plot.backgroundBrush().color().name() == DARK.panel
    assert read_preferences().value(ColorTheme) == ThemeChoice.DARK


def test_the_window_comes_back_as_it_was(qtbot: QtBot, settings: QSettings, locations: Locations) -> None:
    first = open_window(qtbot, settings, locations)
    # Only the height: the screen without a display is narrower than the window, and it keeps within it.
    first.resize(first.width(), 700)
    first.close()
    assert open_window(qtbot, settings, locations).height() == 700
