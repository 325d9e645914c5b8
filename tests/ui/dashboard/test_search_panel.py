"""The tab of a search: trials as they end, those on the front marked, and their recipes."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from engine.contract.events import BatchProgress, PlannedStage, RunFinished, StagesPlanned, StageStarted, TrialFinished
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.recipe_file import recipe_text
from engine.contract.search_result import FrontPoint, SearchResult
from engine.contract.search_settings import SearchSettings
from tests.ui.study_events import result, study_events
from ui.dashboard.panels.search import ON_FRONT, SearchPanel
from ui.dashboard.run_header import RunHeader
from ui.shown_run import ShownRun, StageStatus
from ui.theme import LIGHT

STAGES = tuple(
    PlannedStage(key=f"stage {number}", parent=None, title=f"trial {number}: baseline", kind="baseline", trial=number)
    for number in (1, 2)
)


def trial(number: int, state: str, front: tuple[int, ...]) -> TrialFinished:
    done = state == "done"
    return TrialFinished(
        trial=number, trials=4, state=state, reason="" if done else "too weak", settings={"images.size": 32 * number},
        values={"accuracy": 0.5 + 0.1 * number, "zip_bytes": 2048.0} if done else {}, front=front, seconds_left=30,
    )  # fmt: skip


@pytest.fixture
def searched(tmp_path: Path) -> ShownRun:
    state = ShownRun(directory=tmp_path)
    state.apply(study_events(tmp_path)[0].model_copy(update={"stages": ()}))
    for number, (ended, front) in enumerate((("done", (1,)), ("stopped", (1,)), ("done", (3,))), start=1):
        if number <= len(STAGES):
            state.apply(StagesPlanned(stages=STAGES[:number]))
        state.apply(trial(number, ended, front))
    return state


def test_trials_stand_in_rows_with_the_front_marked(qtbot: QtBot, searched: ShownRun) -> None:
    panel = SearchPanel(LIGHT)
    qtbot.addWidget(panel)
    with qtbot.waitSignal(panel.filled) as filled:
        panel.show_state(searched)
    assert filled.args == [True]
    rows = [[panel.table.item(row, column).text() for column in range(6)] for row in range(3)]
    assert rows == [
        ["", "1", "0.600", "2.0 KiB", "images.size = 32", "done"],
        ["", "2", "–", "–", "images.size = 64", "stopped: too weak"],
        [ON_FRONT, "3", "0.800", "2.0 KiB", "images.size = 96", "done"],
    ]
    assert (searched.done_fraction, searched.seconds_left) == (0.75, 30)
    assert {stage.status for stage in searched.stages.values()} == {StageStatus.NOT_BEGUN}


def recipe_of_a_search() -> str:
    steps = ({"step": "magnitude_pruning"}, {"step": "weight_clustering"}, {"step": "post_training_quantization"})
    search = SearchSettings.model_validate({"vary": {"chains.PCQ": "any order"}, "trials": 4})
    return recipe_text(Recipe(chains=(ChainSettings(name="PCQ", steps=steps),), search=search))


def test_orders_have_the_names_of_their_steps_and_figures_their_titles(qtbot: QtBot, tmp_path: Path) -> None:
    state = ShownRun(directory=tmp_path)
    start = study_events(tmp_path)[0].model_copy(update={"stages": (), "recipe": recipe_of_a_search()})
    state.apply(start)
    state.apply(trial(1, "done", (1,)).model_copy(update={"settings": {"chains.PCQ": [1, 0, 2]}}))
    panel = SearchPanel(LIGHT)
    qtbot.addWidget(panel)
    panel.show_state(state)
    heads = [panel.table.horizontalHeaderItem(column).text() for column in range(6)]
    assert heads == ["", "trial", "accuracy", "zipped", "settings", "state"]
    order = "chains.PCQ = weight clustering → magnitude pruning → post training quantization"
    assert panel.table.item(0, 4).text() == order
    assert state.log[-1].text == f"Trial 1 of 4, {order}: accuracy 0.600, zipped 2.0 KiB (on the front); 30 s left"


def test_why_a_trial_was_stopped_is_seen_in_a_narrow_window(qtbot: QtBot, searched: ShownRun) -> None:
    why = "at epoch 3 of 9 it reached 0.41 on the validation images; 2 of 3 trials had more"
    searched.trials[1] = searched.trials[1].model_copy(update={"reason": why})
    panel = SearchPanel(LIGHT)
    qtbot.addWidget(panel)
    panel.resize(640, 400)
    panel.show()
    panel.show_state(searched)
    table = panel.table
    qtbot.waitUntil(lambda: table.rowHeight(1) > table.rowHeight(0))
    assert not table.horizontalScrollBar().isVisible()
    cell = table.visualItemRect(table.item(1, table.columnCount() - 1))
    assert table.viewport().rect().contains(cell)
    metrics = table.fontMetrics()
    wrapped = metrics.boundingRect(cell, Qt.TextFlag.TextWordWrap, f"stopped: {why}")
    assert wrapped.height() <= cell.height()


def test_progress_is_that_of_the_search_and_not_of_its_first_trial(qtbot: QtBot, tmp_path: Path) -> None:
    state = ShownRun(directory=tmp_path)
    state.apply(study_events(tmp_path)[0].model_copy(update={"stages": (), "recipe": recipe_of_a_search()}))
    planned = tuple(
        STAGES[0].model_copy(update={"key": name, "estimated_seconds": seconds})
        for name, seconds in (("baseline", 30.0), ("pruning", 10.0))
    )
    state.apply(StagesPlanned(stages=planned))
    state.apply(StageStarted(stage="baseline"))
    header = RunHeader()
    qtbot.addWidget(header)
    header.show_state(state, live=True)
    told = [label.text() for label in header.findChildren(QLabel)]
    assert any(text.startswith("Trial 1 of 4, baseline: ") for text in told), told
    assert "about 2 min 40 s left" in told, told
    assert state.seconds_left == 4 * 40
    state.apply(
        BatchProgress(stage="baseline", epoch=2, epochs=3, batch=5, batches=10, loss=0.5, accuracy=0.5, seconds_left=15)
    )
    assert state.done_fraction == pytest.approx(30 / 40 * 0.5 / 4)
    assert state.seconds_left == 15 + 10 + 3 * 40
    state.apply(trial(1, "done", (1,)))
    assert (state.trial, state.done_fraction, state.seconds_left) == ("Trial 2 of 4", 0.25, 30)
    for number in (2, 3, 4):
        state.apply(trial(number, "done", (1,)))
    assert (state.trial, state.done_fraction) == ("", 1.0)


def test_a_training_that_was_stopped_no_longer_runs_and_the_trial_says_why(qtbot: QtBot, tmp_path: Path) -> None:
    why = "at epoch 3 of 9 it reached 0.41 on the validation images; 2 of 3 trials had more"
    state = ShownRun(directory=tmp_path)
    state.apply(study_events(tmp_path)[0].model_copy(update={"stages": ()}))
    state.apply(StagesPlanned(stages=STAGES[:1]))
    state.apply(StageStarted(stage="stage 1"))
    assert state.current is not None
    state.apply(trial(1, "stopped", ()).model_copy(update={"reason": why}))
    assert state.current is None
    assert state.stages["stage 1"].status is StageStatus.STOPPED
    panel = SearchPanel(LIGHT)
    qtbot.addWidget(panel)
    panel.show_state(state)
    assert panel.table.item(0, panel.table.columnCount() - 1).text() == f"stopped: {why}"
    assert panel.table.item(0, panel.table.columnCount() - 1).toolTip() == f"stopped: {why}"
    panel.table.selectRow(0)
    assert not panel.findChild(QPushButton, "search.go").isEnabled(), "it has no file"
    assert state.log[-1].text == f"Trial 1 of 4, images.size = 32: stopped, {why}; 30 s left"
    # The same baseline in another trial goes on.
    state.apply(StageStarted(stage="stage 1", resumed_epoch=3))
    assert state.current is state.stages["stage 1"]


def test_the_recipe_of_a_point_can_be_saved(
    qtbot: QtBot, searched: ShownRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "search").mkdir()
    (tmp_path / "search" / "trial-3.toml").write_text("schema = 1\n")
    point = FrontPoint(
        trial=3, values={"accuracy": 0.8}, settings={}, variant="PRQ (trial 3)", recipe="search/trial-3.toml"
    )
    search = SearchResult(objectives=("accuracy",), front=(point,), trials=3, stopped=1, note="By the test images.")
    searched.apply(RunFinished(result=result(tmp_path).model_copy(update={"search": search}), seconds=3))
    panel = SearchPanel(LIGHT)
    qtbot.addWidget(panel)
    panel.show_state(searched)
    assert panel.title.text() == "Found in 3 trials (1 stopped early): what no other trial beats."
    assert panel.note.text() == "By the test images."
    save = panel.findChild(QPushButton, "search.save")
    panel.table.selectRow(0)
    assert not save.isEnabled()
    panel.table.selectRow(2)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "mine.toml"), ""))
    save.click()
    assert (tmp_path / "mine.toml").read_text() == "schema = 1\n"
    with qtbot.waitSignal(panel.row_requested) as wanted:
        panel.findChild(QPushButton, "search.go").click()
    assert wanted.args == ["PRQ (trial 3)"]
