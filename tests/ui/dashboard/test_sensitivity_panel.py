"""The panel of sensitivities with a real engine child: measure, read again, another scheme and figure, cancel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from engine.contract.events import RunFinished, RunStarted, VariantMeasured
from engine.store.sensitivity_file import FOLDER, kept_sensitivities
from tests.ui.study_events import result, variant
from ui.dashboard.panels.sensitive_layers import SensitivityPanel
from ui.shown_run import ShownRun
from ui.theme import DARK, LIGHT

pytestmark = pytest.mark.usefixtures("no_thread_is_left_behind")

MEASURE_MS = 120_000


@pytest.fixture
def finished(toy_run: Path) -> ShownRun:
    """The toy run as its events would tell it; nothing is measured yet."""
    for file in (toy_run / FOLDER).glob("*.json"):
        file.unlink()
    state = ShownRun(toy_run)
    recipe = (toy_run / "recipe.toml").read_text(encoding="utf-8")
    state.apply(RunStarted(run=toy_run.name, directory=str(toy_run), name="toy", recipe=recipe, stages=()))
    state.apply(VariantMeasured(stage="", variant=variant("baseline")))
    return state


@pytest.fixture
def panel(qtbot: QtBot, finished: ShownRun, toy_run: Path) -> Iterator[SensitivityPanel]:
    panel = SensitivityPanel(LIGHT)
    qtbot.addWidget(panel)
    panel.resize(900, 600)
    offered: list[bool] = []
    panel.filled.connect(offered.append)
    panel.show()
    panel.show_state(finished)
    assert offered == [], "a run that is not done has no such tab"
    finished.apply(RunFinished(result=result(toy_run), seconds=1.0))
    panel.show_state(finished)
    assert offered == [True]
    yield panel
    panel.shut_down()


def test_it_measures_draws_and_keeps(qtbot: QtBot, panel: SensitivityPanel, finished: ShownRun, toy_run: Path) -> None:
    said = panel.findChild(QLabel, "dashboard.sensitivity.said")
    assert said.text().startswith("Not measured yet.")
    qtbot.mouseClick(panel.findChild(QPushButton, "dashboard.sensitivity.measure"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(panel.drawn.layers) == 3, timeout=MEASURE_MS)
    (kept,) = kept_sensitivities(toy_run)
    assert panel.drawn.layers == tuple(layer.layer for layer in kept.worst_first("int8"))
    scheme = panel.findChild(QComboBox, "dashboard.sensitivity.scheme")
    assert [scheme.itemText(row) for row in range(scheme.count())] == ["int8", "int4"]
    assert "pruning was not measured" in said.text(), "the toy has no Keras network"
    scheme.setCurrentText("int4")
    figure = panel.findChild(QComboBox, "dashboard.sensitivity.figure")
    figure.setCurrentText("Output SQNR")
    table = panel.drawn.plot.tabled()  # type: ignore[misc]
    decibels = [float(row[4]) for row in table.rows]
    assert decibels == sorted(decibels)
    assert {row[2] for row in table.rows} == {"int4"}
    panel.set_theme(DARK)
    # Another window reads what is kept, without an engine.
    other = SensitivityPanel(LIGHT)
    qtbot.addWidget(other)
    other.show()
    other.show_state(finished)
    qtbot.waitUntil(lambda: len(other.drawn.layers) == 3, timeout=MEASURE_MS)
    other.shut_down()


def test_cancel_ends_the_child(qtbot: QtBot, panel: SensitivityPanel, toy_run: Path) -> None:
    button = panel.findChild(QPushButton, "dashboard.sensitivity.measure")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert button.text() == "&Cancel"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    message = panel.findChild(QLabel, "dashboard.sensitivity.message")
    qtbot.waitUntil(lambda: bool(message.text()), timeout=MEASURE_MS)
    assert "ancelled" in message.text()
    assert button.text() == "&Measure sensitivity"
    assert not kept_sensitivities(toy_run)
