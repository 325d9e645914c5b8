"""The panel draws two figures of the files with the front, recommends files, and leads to their rows."""

from __future__ import annotations

from dataclasses import replace
from math import isnan
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, QSettings, Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel
from pytestqt.qtbot import QtBot

from engine.advice.repeated_chains import judged_chains
from engine.advice.standing import Standing
from engine.contract.events import EngineEvent, RunFinished, VariantMeasured
from engine.figures.variant_figures import figures
from tests.ui.study_events import CHAINS, study_events, until, variant
from ui.dashboard.dashboard import Dashboard
from ui.dashboard.panels.choice import ChoicePanel
from ui.dashboard.pareto_points import offered_figures, pareto_points
from ui.form.calm_share_box import CalmShareBox
from ui.theme import DARK, LIGHT


@pytest.fixture
def events(tmp_path: Path) -> list[EngineEvent]:
    return study_events(tmp_path / "run")


@pytest.fixture
def board(qtbot: QtBot, settings: QSettings) -> Dashboard:
    board = Dashboard(settings=settings)
    qtbot.addWidget(board, before_close_func=lambda closing: closing.shut_down())
    board.resize(1000, 700)
    board.show()
    return board


def panel_of(board: Dashboard) -> ChoicePanel:
    panel = board.panels["choice"]
    assert isinstance(panel, ChoicePanel)
    return panel


def take(qtbot: QtBot, board: Dashboard, events: list[EngineEvent]) -> ChoicePanel:
    board.take(events)
    qtbot.waitUntil(board.is_up_to_date)
    board.tabs.setCurrentWidget(panel_of(board))
    qtbot.wait(50)
    return panel_of(board)


def choose(panel: ChoicePanel, name: str, figure: str) -> None:
    combo = panel.findChild(QComboBox, f"dashboard.choice.{name}")
    assert combo is not None
    combo.setCurrentIndex(combo.findData(figure))


def text(panel: ChoicePanel, name: str) -> str:
    label = panel.findChild(QLabel, f"dashboard.choice.{name}")
    assert label is not None
    return label.text()


def test_where_all_chains_diverged_it_is_said_instead_of_an_advice(
    qtbot: QtBot, board: Dashboard, events: list[EngineEvent]
) -> None:
    def diverged(event: EngineEvent) -> EngineEvent:
        if isinstance(event, VariantMeasured) and event.variant.chain != "baseline":
            return event.model_copy(update={"variant": event.variant.model_copy(update={"diverged": True})})
        return event

    measured = [diverged(event) for event in until(events, VariantMeasured, 3)]
    panel = take(qtbot, board, measured)
    assert text(panel, "asked").startswith("No file is advised: the training of every chain diverged")
    on_front = [point.name for point in panel.plot.points if point.standing is Standing.FRONT]
    assert on_front == ["baseline"]
    (baseline,) = (point for point in panel.plot.points if point.name == "baseline")
    assert {corner for corner in panel.plot._fronts() if not isnan(corner[0])} == {(baseline.x, baseline.y)}
    assert "its training diverged" in text(panel, "legend")


def test_points_come_as_variants_finish(qtbot: QtBot, board: Dashboard, events: list[EngineEvent]) -> None:
    tab = board.tabs.indexOf(panel_of(board))
    begun = until(events, VariantMeasured, 3)
    panel = take(qtbot, board, begun)
    assert board.tabs.isTabVisible(tab)
    assert len(panel.plot.points) == 3
    assert "So far." in text(panel, "asked")
    take(qtbot, board, events[len(begun) :])
    assert {point.name for point in panel.plot.points} == set(CHAINS)
    assert "So far." not in text(panel, "asked")
    assert panel.recommended.count() == 7
    assert board.state.started is not None


def test_what_is_under_the_pointer_and_in_the_csv(qtbot: QtBot, board: Dashboard, events: list[EngineEvent]) -> None:
    panel = take(qtbot, board, events)
    one = next(point for point in panel.plot.points if point.name == "PRN")
    assert panel.plot.described(QPointF(one.x, one.y)).splitlines() == [
        "PRN",
        "accuracy (95 % CI): 0.913 (0.873–0.943)",
        "size (KiB): 2,744.7",
        "May be as good: another file measured better, but not beyond the noise.",
    ]
    assert panel.plot.described(QPointF(one.x, one.y + 0.02)) == ""
    assert panel.plot.tabled is not None
    table = panel.plot.tabled()
    assert table.header == (
        "variant", "size", "size_low", "size_high", "accuracy", "accuracy_low", "accuracy_high", "standing",
    )  # fmt: skip
    row = next(row for row in table.rows if row[0] == "PRN")
    assert row == ("PRN", one.x, "", "", one.y, *one.y_interval, "open")  # type: ignore[misc]


def test_a_click_leads_to_the_row(qtbot: QtBot, board: Dashboard, events: list[EngineEvent]) -> None:
    panel = take(qtbot, board, events)
    one = next(point for point in panel.plot.points if point.name == "int8")
    place = panel.plot.mapFromScene(panel.plot.box.mapViewToScene(QPointF(one.x, one.y)))
    qtbot.mouseMove(panel.plot.viewport(), place)
    qtbot.mouseClick(panel.plot.viewport(), Qt.MouseButton.LeftButton, pos=place)
    table = board.panels["results"].table  # type: ignore[attr-defined]
    qtbot.waitUntil(table.isVisible)
    chosen = table._chosen()
    assert chosen is not None
    assert chosen.name == "int8"


def test_the_keyboard_goes_from_point_to_point(qtbot: QtBot, board: Dashboard, events: list[EngineEvent]) -> None:
    panel = take(qtbot, board, events)
    panel.plot.setFocus()
    order = [point.name for point in sorted(panel.plot.points, key=lambda point: (point.x, point.y))]
    seen = []
    for _ in order:
        qtbot.keyClick(panel.plot, Qt.Key.Key_Right)
        seen.append(panel.plot.accessibleDescription().splitlines()[0])
    assert seen == order
    qtbot.keyClick(panel.plot, Qt.Key.Key_Left)
    with qtbot.waitSignal(panel.row_requested) as asked:
        qtbot.keyClick(panel.plot, Qt.Key.Key_Return)
    assert asked.args == [order[-2]]


def test_a_recommendation_leads_to_the_row(qtbot: QtBot, board: Dashboard, events: list[EngineEvent]) -> None:
    panel = take(qtbot, board, events)
    item = panel.recommended.item(2)
    assert item.text().startswith("Fastest: ")
    name = item.text().removeprefix("Fastest: ").partition(" takes ")[0]
    with qtbot.waitSignal(panel.row_requested) as asked:
        pos: QPoint = panel.recommended.visualItemRect(item).center()
        qtbot.mouseClick(panel.recommended.viewport(), Qt.MouseButton.LeftButton, pos=pos)
    assert asked.args == [name]
    board.tabs.setCurrentWidget(panel)
    panel.recommended.setFocus()
    with qtbot.waitSignal(panel.row_requested) as asked:
        qtbot.keyClick(panel.recommended, Qt.Key.Key_Return)
    assert asked.args == [name]


def test_figures_floor_and_scale_are_chosen_and_remembered(
    qtbot: QtBot, board: Dashboard, events: list[EngineEvent], settings: QSettings
) -> None:
    panel = take(qtbot, board, events)
    choose(panel, "across", "latency")
    assert "Bars: 95 % CI of accuracy, p50–p95 of latency p50" in text(panel, "legend")
    floor = panel.findChild(CalmShareBox)
    assert floor is not None
    floor.setValue(0.9)
    across, up = panel.plot._lines
    assert up.isVisible()
    assert up.value() == pytest.approx(0.9)
    assert not across.isVisible()
    assert "with an accuracy of 0.900 or more" in text(panel, "asked")
    assert all("PR-int8" not in panel.recommended.item(row).text() for row in range(panel.recommended.count()))
    floor.setValue(0.99)
    assert panel.recommended.count() == 1
    assert "baseline is nearest" in panel.recommended.item(0).text()
    again = ChoicePanel(LIGHT, settings)
    qtbot.addWidget(again)
    again.show_state(board.state)
    again.show()
    assert again.plot.points == panel.plot.points
    assert text(again, "asked") == text(panel, "asked")
    choose(panel, "up", "zip")
    choose(panel, "across", "accuracy")
    assert across.isVisible()
    assert not up.isVisible()


def test_the_least_accuracy_belongs_to_the_run(
    qtbot: QtBot, board: Dashboard, events: list[EngineEvent], settings: QSettings, tmp_path: Path
) -> None:
    panel = take(qtbot, board, events)
    floor = panel.findChild(CalmShareBox)
    assert floor is not None
    floor.setValue(0.9)
    for run, least, asked in (
        ("another run", 0.0, "an accuracy that is not measurably below"),
        ("run", 0.9, "an accuracy of 0.900 or more"),
    ):
        other = Dashboard(settings=settings)
        qtbot.addWidget(other, before_close_func=lambda closing: closing.shut_down())
        other.show()
        opened = take(qtbot, other, study_events(tmp_path / run))
        field = opened.findChild(CalmShareBox)
        assert field is not None
        assert field.value() == pytest.approx(least)
        assert asked in text(opened, "asked")


def test_names_without_room_are_not_laid_out(qtbot: QtBot, board: Dashboard, events: list[EngineEvent]) -> None:
    """A hundred texts took the window longer than it may wait."""
    panel = take(qtbot, board, events)
    (x, y), points = figures("size", "accuracy"), panel.plot.points
    many = tuple(replace(points[0], name=f"chain {place}", x=points[0].x * (1 + place)) for place in range(120))
    panel.plot.show_points(many, x, y, False, (None, None))
    panel.plot._place_names()
    assert 0 < len(panel.plot.names.shown) < 60
    assert len({id(spot.brush()) for spot in panel.plot._dots.points()}) <= len(Standing)


def test_a_logarithmic_scale_is_offered_where_values_span_decades(
    qtbot: QtBot, board: Dashboard, events: list[EngineEvent]
) -> None:
    panel = take(qtbot, board, events)
    log = panel.findChild(QCheckBox, "dashboard.choice.log")
    assert log is not None
    assert not log.isEnabled()
    tiny = variant("tiny", model_bytes=2_000, file="models/tiny.tflite")
    take(qtbot, board, [VariantMeasured(stage="d" * 64, variant=tiny)])
    assert log.isEnabled()
    log.setChecked(True)
    (left, right), _ = panel.plot.box.viewRange()
    assert left < 0.3 < 3.5 < right
    board.set_theme(DARK)
    assert len(panel.plot._dots.points()) == len(CHAINS) + 1
    board.set_theme(LIGHT)


def test_names_stand_beside_points_and_pictures_can_be_saved(
    qtbot: QtBot, board: Dashboard, events: list[EngineEvent], tmp_path: Path
) -> None:
    panel = take(qtbot, board, events)
    qtbot.wait(50)
    assert len(panel.plot.names.shown) >= 4
    panel.plot.save_png(tmp_path / "front.png")
    panel.plot.save_svg(tmp_path / "front.svg")
    assert (tmp_path / "front.png").stat().st_size > 5_000
    assert all(f">{one.text}<" in (tmp_path / "front.svg").read_text("utf-8") for one in panel.plot.names.shown)


def test_only_figures_that_can_be_better_are_offered(events: list[EngineEvent]) -> None:
    assert isinstance(events[-1], RunFinished)
    variants = events[-1].result.variants
    names = [figure.name for figure in offered_figures(variants)]
    assert {"accuracy", "size", "zip", "latency", "latency_ratio", "macs", "peak_memory"} <= set(names)
    assert not set(names) & {"chain", "p_value", "image_ratio", "micro_arena", "auc", "note", "trainable"}
    points = pareto_points(judged_chains(variants), *figures("size", "accuracy"))
    assert points[0].standing is Standing.FRONT
    other = variant("moved", dataset="other")
    assert "moved" not in {
        point.name for point in pareto_points(judged_chains((*variants, other)), *figures("size", "accuracy"))
    }


def test_repeated_chains_are_one_point_each_with_the_first_file() -> None:
    runs = [
        variant(chain, repeat=f"seed {seed}", accuracy=0.75 + seed / 8, model_bytes=1024 * seed)
        for seed in (1, 2)
        for chain in ("baseline", "int8")
    ]
    points = pareto_points(judged_chains(runs), *figures("size", "accuracy"))
    assert {(point.name, point.file) for point in points} == {
        ("baseline", "baseline (seed 1)"), ("int8", "int8 (seed 1)"),
    }  # fmt: skip
    assert {(point.x, round(point.y, 6), point.y_interval) for point in points} == {(1.5, 0.9375, (0.875, 1.0))}
    assert "means of 2 repetitions" in points[0].tip
