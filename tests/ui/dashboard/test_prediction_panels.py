"""Figures per class, changed decisions and point clouds: what they show is what the predictions say."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QComboBox, QDialog, QLabel, QTableView, QTableWidget
from pytestqt.qtbot import QtBot
from sklearn.metrics import precision_recall_curve

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.events import VariantMeasured
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import recipe_text
from engine.inspection.decision_changes import Change, decisions
from engine.measurement.paired_comparison import paired_comparison, recall_comparison
from engine.store.prediction_file import PREDICTIONS_FILE
from tests.ui.predicted_run import measured, predicted_run
from ui.dashboard.image_dialog import ImageDialog
from ui.dashboard.panel import PANELS
from ui.dashboard.panels.changed_decisions import ChangedDecisionsPanel
from ui.dashboard.panels.class_figures import ClassFiguresPanel
from ui.dashboard.panels.point_clouds import PointCloudsPanel
from ui.dashboard.prediction_panel import PredictionPanel
from ui.theme import DARK, LIGHT

NAMES = ("baseline", "PRN", "int8")
READ_MS = 5_000

pytestmark = pytest.mark.usefixtures("no_thread_is_left_behind")


@pytest.fixture
def shown(qtbot: QtBot) -> Iterator[list[PredictionPanel]]:
    """Panels that are shut down at the end."""
    panels: list[PredictionPanel] = []
    yield panels
    for panel in panels:
        panel.shut_down()


def open_panel(qtbot: QtBot, shown: list[PredictionPanel], key: str, directory: Path, images: int = 60) -> object:
    panel = PANELS[key](LIGHT)
    assert isinstance(panel, PredictionPanel)
    shown.append(panel)
    qtbot.addWidget(panel)
    panel.resize(900, 600)
    panel.show()
    state, kept = predicted_run(directory, NAMES, images)
    with qtbot.waitSignal(panel.filled) as filled:
        panel.show_state(state)
    assert filled.args == [True]
    qtbot.waitUntil(lambda: panel.predictions is not None, timeout=READ_MS)
    return panel, state, kept


def choose(panel: PredictionPanel, name: str) -> None:
    panel.choice.setCurrentIndex(panel.choice.findText(name))


def test_the_recall_that_the_target_names_stands_below_the_figures(
    qtbot: QtBot, shown: list[PredictionPanel], tmp_path: Path
) -> None:
    panel, state, kept = open_panel(qtbot, shown, "class_figures", tmp_path)
    assert isinstance(panel, ClassFiguresPanel)
    choose(panel, "int8")
    assert not panel.recall.isVisible()
    ours, theirs = (kept.predicted[kept.place(name)] for name in ("int8", "baseline"))
    paired = paired_comparison(kept.labels, theirs, ours, (), "baseline")
    recall = {"sick": recall_comparison(kept.labels, theirs, ours, (), 1, 0.5)}
    judged = measured(kept, "int8").model_copy(update={"paired": paired.model_copy(update={"recall": recall})})
    state.apply(VariantMeasured(stage="int8", variant=judged))
    panel.show_state(state)
    assert panel.recall.isVisible()
    cells = panel.recall.model()
    texts = [cells.index(0, column).data() for column in range(cells.columnCount())]
    one = recall["sick"]
    assert texts[1:] == [str(one.lost), str(one.won), str((kept.labels == 1).sum()), "50 points", "yes"]
    choose(panel, "baseline")
    assert not panel.recall.isVisible()


def test_the_tables_per_class_are_those_of_the_variant(
    qtbot: QtBot, shown: list[PredictionPanel], tmp_path: Path
) -> None:
    panel, _, kept = open_panel(qtbot, shown, "class_figures", tmp_path)
    assert isinstance(panel, ClassFiguresPanel)
    choose(panel, "int8")
    variant = measured(kept, "int8")
    cells = panel.confusion.model()
    texts = [[cells.index(row, column).data() for column in range(2)] for row in range(2)]
    assert texts == [[str(count) for count in row] for row in variant.confusion]
    assert cells.index(0, 1).data(Qt.ItemDataRole.ToolTipRole).startswith(f"{variant.confusion[0][1]} of normal are")
    assert cells.index(0, 0).data(Qt.ItemDataRole.BackgroundRole).alphaF() > 0.5
    rates = panel.rates.model()
    row = [rates.index(1, column).data() for column in range(rates.columnCount())]
    sick = variant.per_class["sick"]
    assert row[:4] == [f"{value:.3f}" for value in (sick.precision, sick.recall, sick.specificity, sick.f1)]
    assert row[5] == str(sick.support)
    summary = panel.findChild(QLabel, "dashboard.class_figures.summary").text()
    assert f"MCC {variant.mcc:.3f}" in summary
    assert f'Decision threshold for "sick": {variant.threshold.value:.3f}' in summary  # type: ignore[union-attr]
    table = panel.roc.tabled()  # type: ignore[misc]
    assert {row[0] for row in table.rows} == {"int8", "baseline"}
    assert sum(row[3] for row in panel.calibration.tabled().rows) == 2 * 60  # type: ignore[misc]
    legend = panel.findChild(QLabel, "dashboard.class_figures.legend")
    assert "★" in legend.text()
    panel.findChild(QComboBox, "dashboard.class_figures.curve").setCurrentIndex(1)
    precision, recall, _ = precision_recall_curve(kept.labels == 1, kept.probabilities[2, :, 1])
    drawn = [row[1:] for row in panel.roc.tabled().rows if row[0] == "int8"]  # type: ignore[misc]
    np.testing.assert_allclose(drawn[::-1], np.stack([recall, precision], axis=1)[:-1])
    assert "★" in legend.text()
    panel.findChild(QComboBox, "dashboard.class_figures.class").setCurrentIndex(0)
    assert "★" not in legend.text(), "the threshold is of the other class"
    panel.set_theme(DARK)


def test_changed_decisions_show_their_images_the_worst_first(
    qtbot: QtBot, shown: list[PredictionPanel], tmp_path: Path
) -> None:
    panel, _, kept = open_panel(qtbot, shown, "changed_decisions", tmp_path)
    assert isinstance(panel, ChangedDecisionsPanel)
    assert [panel.choice.itemText(row) for row in range(panel.choice.count())] == ["PRN", "int8"]
    choose(panel, "int8")
    changed = [one for one in decisions(kept, "int8", "baseline") if one.change is not Change.KEPT]
    assert len(changed) > 2
    model = panel.model
    assert [model.index(row, 1).data() for row in range(model.rowCount())] == [str(one.change) for one in changed]
    counts = panel.findChild(QLabel, "dashboard.changed_decisions.counts").text()
    lost = sum(one.change is Change.LOST for one in changed)
    assert counts.startswith(f"Of 60 test images, against baseline: {lost} right → wrong")
    picture = model.index(0, 0)
    qtbot.waitUntil(lambda: picture.data(Qt.ItemDataRole.DecorationRole) is not None, timeout=READ_MS)
    which = panel.findChild(QComboBox, "dashboard.changed_decisions.which")
    which.setCurrentIndex(which.findText("All test images"))
    assert model.rowCount() == 60
    which.setCurrentIndex(which.findText("Right → wrong"))
    assert model.rowCount() == lost
    panel.view.setFocus()
    panel.view.selectRow(0)
    qtbot.keyClick(panel.view, Qt.Key.Key_Return)
    (dialog,) = panel.findChildren(ImageDialog)
    told = dialog.findChild(QLabel, "image.told")
    qtbot.waitUntil(lambda: "pixels, as it came" in told.text(), timeout=READ_MS)
    answers = dialog.findChild(QTableWidget, "image.answers")
    place = NAMES.index("int8")
    assert answers.item(place, 1).text() == f"{kept.probabilities[place, changed[0].row, 0]:.3f}"
    assert answers.item(place, 0).text().startswith("✕")
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not any(one.isVisible() for one in panel.findChildren(QDialog)))


def test_an_image_that_is_gone_is_told(qtbot: QtBot, shown: list[PredictionPanel], tmp_path: Path) -> None:
    state, _ = predicted_run(tmp_path, NAMES)
    gone = Recipe(dataset=DatasetSettings(kind="image_folder", path=str(tmp_path / "gone")))
    (tmp_path / "recipe.toml").write_text(recipe_text(gone), encoding="utf-8")
    again = PANELS["changed_decisions"](LIGHT)
    shown.append(again)  # type: ignore[arg-type]
    qtbot.addWidget(again)
    again.resize(900, 600)
    again.show()
    again.show_state(state)
    assert isinstance(again, ChangedDecisionsPanel)
    qtbot.waitUntil(lambda: again.model.rowCount() > 0, timeout=READ_MS)
    gone = again.model.index(0, 0)
    qtbot.waitUntil(lambda: gone.data() == "not there", timeout=READ_MS)
    assert "gone" in gone.data(Qt.ItemDataRole.ToolTipRole)
    assert again.model.index(0, 5).data().startswith("phantom/"), "which image it was is still told"


def test_a_dot_per_image_lies_where_both_files_say(qtbot: QtBot, shown: list[PredictionPanel], tmp_path: Path) -> None:
    panel, _, kept = open_panel(qtbot, shown, "point_clouds", tmp_path)
    assert isinstance(panel, PointCloudsPanel)
    choose(panel, "int8")
    assert panel.dots() == 60
    rows = np.arange(60)
    table = panel.plot.tabled()  # type: ignore[misc]
    np.testing.assert_allclose([row[1] for row in table.rows], kept.probabilities[0, rows, kept.labels])
    np.testing.assert_allclose([row[2] for row in table.rows], kept.probabilities[2, rows, kept.labels])
    chosen = panel.findChild(QComboBox, "dashboard.point_clouds.class")
    chosen.setCurrentIndex(chosen.findText("of sick"))
    np.testing.assert_allclose([row[2] for row in panel.plot.tabled().rows], kept.probabilities[2, :, 1])  # type: ignore[misc]
    right = int((kept.predicted[2] == kept.labels).sum())
    legend = panel.findChild(QLabel, "dashboard.point_clouds.legend").text()
    assert f"right {right}" in legend
    assert f"wrong {60 - right}" in legend
    panel.set_theme(DARK)
    panel._on_clicked(None, [panel._dots.points()[0]])
    assert panel.findChildren(ImageDialog)
    for dialog in panel.findChildren(ImageDialog):
        dialog.close()


def test_a_damaged_file_of_predictions_is_told(qtbot: QtBot, shown: list[PredictionPanel], tmp_path: Path) -> None:
    state, _ = predicted_run(tmp_path, NAMES)
    (tmp_path / PREDICTIONS_FILE).write_bytes(b"PK\x03\x04 no predictions")
    again = PANELS["class_figures"](LIGHT)
    shown.append(again)  # type: ignore[arg-type]
    qtbot.addWidget(again)
    again.show()
    again.show_state(state)
    message = again.findChild(QLabel, "dashboard.class_figures.message")
    qtbot.waitUntil(lambda: "is damaged" in message.text(), timeout=READ_MS)


def test_a_run_without_predictions_has_no_such_tabs(qtbot: QtBot, shown: list[PredictionPanel], tmp_path: Path) -> None:
    state, _ = predicted_run(tmp_path, NAMES)
    state.variants = {name: one.model_copy(update={"predictions": ""}) for name, one in state.variants.items()}
    panel = ClassFiguresPanel(LIGHT)
    shown.append(panel)
    qtbot.addWidget(panel)
    told: list[bool] = []
    panel.filled.connect(told.append)
    panel.show_state(state)
    assert True not in told


def test_three_thousand_images_of_eight_files_open_in_under_a_second(
    qtbot: QtBot, shown: list[PredictionPanel], tmp_path: Path
) -> None:
    names = ("baseline", *(f"variant {number}" for number in range(7)))
    state, _ = predicted_run(tmp_path, names, images=3000)
    for key in ("class_figures", "changed_decisions", "point_clouds"):
        panel = PANELS[key](LIGHT)
        assert isinstance(panel, PredictionPanel)
        shown.append(panel)
        qtbot.addWidget(panel)
        panel.resize(900, 600)
        panel.show()
        longest = _longest_turn_s(panel, lambda panel=panel: panel.show_state(state))
        assert panel.predictions is not None
        assert longest < 1.0
        started = time.perf_counter()
        choose(panel, "variant 6")
        panel.findChildren(QTableView)
        took = time.perf_counter() - started
        print(f"{key}: {longest * 1e3:.0f} ms at most until it is drawn, {took * 1e3:.0f} ms for another variant")
        assert took < 0.5


def _longest_turn_s(panel: PredictionPanel, act: object) -> float:
    """Seconds from the request until what was read is drawn."""
    loop = QEventLoop()
    timer = QTimer(interval=5)
    timer.timeout.connect(lambda: loop.quit() if panel.predictions is not None else None)
    timer.start()
    QTimer.singleShot(READ_MS, loop.quit)
    started = time.perf_counter()
    act()  # type: ignore[operator]
    loop.exec()
    return time.perf_counter() - started
