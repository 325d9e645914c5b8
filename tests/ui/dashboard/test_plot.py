"""Plots tell their values, zoom and come back, and leave as pictures and numbers."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QGuiApplication, QWheelEvent
from PySide6.QtWidgets import QApplication, QMenu, QScrollArea
from pytestqt.qtbot import QtBot

from engine.contract.events import EngineEvent, EpochFinished, VariantMeasured
from engine.figures.figure_text import figure_text
from tests.ui.study_events import CHAINS, study_events, until
from ui.dashboard.dashboard import Dashboard
from ui.dashboard.plot import Plot


@pytest.fixture
def dashboard(qtbot: QtBot, tmp_path: Path) -> Dashboard:
    """A finished study."""
    dashboard = Dashboard()
    qtbot.addWidget(dashboard)
    dashboard.resize(1000, 700)
    dashboard.show()
    take(qtbot, dashboard, study_events(tmp_path / "run"))
    return dashboard


def take(qtbot: QtBot, dashboard: Dashboard, events: list[EngineEvent]) -> None:
    dashboard.take(events)
    qtbot.waitUntil(dashboard.is_up_to_date)


def plots(dashboard: Dashboard) -> list[Plot]:
    return [dashboard.curves.loss.plot, dashboard.curves.accuracy.plot, dashboard.bars.plots["latency"].plot]


def test_the_values_under_the_pointer(dashboard: Dashboard) -> None:
    epochs = [epoch for stage in dashboard.state.stages.values() for epoch in stage.epochs]
    said = dashboard.curves.loss.plot.described(QPointF(12.2, 0.3))
    assert said.splitlines() == [
        "pruning 80 %, epoch 2",
        f"training: {epochs[11].loss:.4f}",
        f"validation: {epochs[11].validation_loss:.4f}",
    ]
    assert dashboard.curves.loss.plot.described(QPointF(99, 0.3)) == ""
    said = dashboard.bars.plots["latency"].plot.described(QPointF(0.1, -1.1))
    assert said.startswith(f"{CHAINS[1]}\nlatency p50–p95 (µs): 310")
    assert dashboard.bars.plots["size"].plot.described(QPointF(0.1, -17)) == ""


def test_a_stage_does_not_fall_from_the_end_of_the_one_before(dashboard: Dashboard) -> None:
    line = dashboard.curves.loss.plot.listDataItems()[0]
    x, y = line.getOriginalDataset()
    gaps = [place for place, value in zip(x, y, strict=True) if value != value]
    assert gaps == [10.5, 16.5]


def test_stages_are_named_outside_of_the_data(dashboard: Dashboard) -> None:
    axis = dashboard.curves.loss.plot.getAxis("top")
    (ticks,) = axis._tickLevels
    assert [text[:6] for _, text in ticks] == ["Baseli", "prunin"]


def test_numbers_leave_as_csv(dashboard: Dashboard, tmp_path: Path) -> None:
    dashboard.curves.accuracy.plot.save_csv(tmp_path / "a.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text(encoding="utf-8"))))
    epochs = [epoch for stage in dashboard.state.stages.values() for epoch in stage.epochs]
    assert [float(row["validation_accuracy"]) for row in rows] == [epoch.validation_accuracy for epoch in epochs]
    dashboard.bars.plots["latency"].plot.save_csv(tmp_path / "b.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "b.csv").read_text(encoding="utf-8"))))
    assert [row["variant"] for row in rows] == list(CHAINS)


@pytest.mark.parametrize("place", range(3))
def test_pictures_leave_as_png_svg_and_on_the_clipboard(dashboard: Dashboard, tmp_path: Path, place: int) -> None:
    plot = plots(dashboard)[place]
    plot.save_png(tmp_path / "plot.png")
    picture = Image.open(tmp_path / "plot.png")
    assert picture.width == 1600
    assert len(picture.convert("RGB").getcolors(1 << 24)) > 10  # type: ignore[arg-type]
    plot.save_svg(tmp_path / "plot.svg")
    assert "<svg" in (tmp_path / "plot.svg").read_text(encoding="utf-8")
    assert sorted(file.name for file in tmp_path.iterdir() if file.name != "run") == ["plot.png", "plot.svg"]
    QGuiApplication.clipboard().clear()
    plot.menu().actions()
    plot._copy()
    assert QGuiApplication.clipboard().image().width() == 1600


def test_zoom_stays_while_epochs_come_and_a_double_click_resets(qtbot: QtBot, tmp_path: Path) -> None:
    dashboard = Dashboard()
    qtbot.addWidget(dashboard)
    dashboard.show()
    events = study_events(tmp_path / "run")
    begun = until(events, EpochFinished, number=8)
    take(qtbot, dashboard, begun)
    plot = dashboard.curves.loss.plot
    plot.setXRange(2, 4, padding=0)
    plot.box.sigRangeChangedManually.emit([True, True])
    take(qtbot, dashboard, events[len(begun) :])
    assert plot.box.viewRange()[0] == pytest.approx([2, 4])
    plot.box.reset_requested.emit()
    qtbot.waitUntil(lambda: plot.box.viewRange()[0][1] > 15)


def test_log_axis_and_smoothing(dashboard: Dashboard) -> None:
    plot = dashboard.curves.loss.plot
    menu = plot.menu()
    log = next(action for action in menu.actions() if action.text() == "&Log axis")
    raw = plot.listDataItems()[0].getOriginalDataset()[1].copy()
    log.trigger()
    assert plot.getAxis("left").logMode
    log.trigger()
    smoothing = plot.findChild(QMenu)
    much = next(action for action in plot.findChildren(QAction) if action.text() == "much")
    assert smoothing is not None
    much.trigger()
    smooth = plot.listDataItems()[0].getOriginalDataset()[1]
    assert smooth[1] == pytest.approx(0.9 * raw[0] + 0.1 * raw[1])
    assert smooth[11] == raw[11], "each stage starts its own average"
    assert "smoothed, 0.9" in plot.getPlotItem().titleLabel.text


def test_no_plot_invents_an_axis(qtbot: QtBot, tmp_path: Path) -> None:
    dashboard = Dashboard()
    qtbot.addWidget(dashboard)
    dashboard.show()
    events = study_events(tmp_path / "run")
    take(qtbot, dashboard, events[:2])
    assert not dashboard.bars.isVisible()
    assert not dashboard.curves.loss.plot.getAxis("left").style["showValues"]
    take(qtbot, dashboard, until(events, VariantMeasured)[2:])
    assert dashboard.bars.isVisible()
    assert dashboard.curves.loss.plot.getAxis("left").style["showValues"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0187, "0.0187"), (18.7, "18.7"), (1.0, "1.00"), (1234.5, "1,234"), (0, "0"), (0.0005, "0.000500")],
)
def test_figures_show_three_digits(value: float, text: str) -> None:
    assert figure_text(value) == text


def test_bars_take_the_unit_that_shows_their_digits(dashboard: Dashboard) -> None:
    """0.0187 ms is 18.7 µs, not 0.02."""
    label = dashboard.bars.plots["latency"].plot.getAxis("bottom").labelText
    assert label == "latency p50–p95 (µs)"


def test_the_wheel_scrolls_a_long_page_and_zooms_with_ctrl(qtbot: QtBot) -> None:
    """A plot that comes under the pointer while a page is scrolled does not hold the wheel; nor does it zoom out beyond
    its data."""
    area = QScrollArea(widgetResizable=True)
    plot = Plot("dashboard.page", "x", "y")
    plot.setMinimumHeight(800)
    area.setWidget(plot)
    qtbot.addWidget(area)
    area.resize(300, 200)
    area.show()
    plot.plot([0, 1, 2], [0, 1, 4])
    qtbot.waitUntil(lambda: area.verticalScrollBar().maximum() > 0)
    seen = plot.box.viewRange()
    _wheel(plot, 120)
    assert plot.box.viewRange() == seen
    _wheel(plot, 120, Qt.KeyboardModifier.ControlModifier)
    zoomed = plot.box.viewRange()
    assert zoomed != seen
    for _ in range(20):
        _wheel(plot, -120, Qt.KeyboardModifier.ControlModifier)
    (left, right), _ = plot.box.viewRange()
    assert -2 < left < right < 4


def _wheel(plot: Plot, delta: int, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    place = QPointF(plot.viewport().rect().center())
    event = QWheelEvent(
        place,
        QPointF(plot.viewport().mapToGlobal(place.toPoint())),
        QPoint(),
        QPoint(0, delta),
        Qt.MouseButton.NoButton,
        keys,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(plot.viewport(), event)
