"""Runs that are marked in the list are compared on a page: table, plot, recipes, any two files, CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QLabel, QListWidget, QPushButton, QTreeWidget, QWidget
from pytestqt.qtbot import QtBot

from engine.advice.standing import Standing
from engine.comparison.comparison import COMPARED_FIGURES
from engine.contract.recipe import Recipe
from engine.store.database import open_database
from engine.store.locations import Locations
from engine.store.run_history import RunState, list_runs, record_end, record_start
from tests.written_runs import write_run
from ui.compare.compare_page import ComparePage
from ui.compare.comparison_model import NAMED
from ui.main_window import MainWindow
from ui.runs_list.compare_dialog import CompareDialog

READ_MS = 10_000

pytestmark = pytest.mark.usefixtures("no_thread_is_left_behind")


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Three runs; the third was tested on other images."""
    write_run(tmp_path, "first", {"baseline": range(6), "int8": range(9)}, Recipe(name="first"))
    write_run(tmp_path, "second", {"baseline": range(12), "PRN": range(30)}, Recipe(name="second", seed=9))
    write_run(tmp_path, "third", {"baseline": range(3)}, Recipe(name="third"), images=range(10, 70))
    return tmp_path


@pytest.fixture
def page(qtbot: QtBot, runs: Path, settings: QSettings) -> Iterator[ComparePage]:
    page = ComparePage(settings)
    qtbot.addWidget(page)
    page.resize(1000, 700)
    page.show()
    page.compare([runs / "runs" / name for name in ("first", "second", "third")], runs)
    qtbot.waitUntil(lambda: page.comparison is not None, timeout=READ_MS)
    yield page
    page.shut_down()


def child(parent: QWidget, kind: type, name: str) -> QWidget:
    found = parent.findChild(kind, name)
    assert found is not None, name
    return found


def cells(page: ComparePage, figure: str) -> list[str]:
    names = ["run", "variant", *(one.name for one in COMPARED_FIGURES)]
    model = page.table.model()
    return [str(model.index(row, names.index(figure)).data()) for row in range(model.rowCount())]


def test_the_table_has_all_variants_against_the_first_baseline(page: ComparePage) -> None:
    assert cells(page, "run") == ["first", "first", "second", "second", "third"]
    assert cells(page, "variant") == ["baseline", "int8", "baseline", "PRN", "baseline"]
    changes = cells(page, "accuracy_change")
    assert changes[0] == "+0.0"
    assert changes[2].startswith("-10.0 (")
    assert changes[4] == "–"
    assert cells(page, "latency_ratio")[2] == "–"
    said = child(page, QLabel, "compare.warnings").text()
    assert '"third" was tested on other images than "first: baseline": other images: 50 are the same' in said
    assert "do not say which file is faster" in said
    assert not child(page, QCheckBox, "compare.means").isVisible()


def test_another_baseline_can_be_chosen(page: ComparePage, qtbot: QtBot) -> None:
    choice = child(page, QComboBox, "compare.baseline")
    choice.setCurrentText("second: baseline")
    qtbot.waitUntil(lambda: page.comparison is not None and page.comparison.baseline.name == "second: baseline")
    assert cells(page, "accuracy_change")[0].startswith("+10.0 (")
    assert choice.currentText() == "second: baseline"


def test_variants_that_are_not_ticked_are_left_out(page: ComparePage, qtbot: QtBot) -> None:
    tree = child(page, QTreeWidget, "compare.variants")
    third = tree.topLevelItem(2)
    third.setCheckState(0, Qt.CheckState.Unchecked)
    qtbot.waitUntil(lambda: len(cells(page, "run")) == 4)
    assert "third" not in child(page, QLabel, "compare.warnings").text()
    # Without the baseline the next takes its place; without any, the page says what to do.
    tree.topLevelItem(0).child(0).setCheckState(0, Qt.CheckState.Unchecked)
    qtbot.waitUntil(lambda: page.comparison is not None and page.comparison.baseline.name == "first: int8")
    for place in (0, 1):
        tree.topLevelItem(place).setCheckState(0, Qt.CheckState.Unchecked)
    qtbot.waitUntil(lambda: child(page, QLabel, "compare.message").text() == "Tick the variants to compare.")
    assert cells(page, "run") == []
    assert not child(page, QPushButton, "compare.csv").isEnabled()


def test_what_differs_in_the_recipes(page: ComparePage) -> None:
    table = page.recipes
    rows = [[table.item(row, column).text() for column in range(4)] for row in range(table.rowCount())]
    assert rows == [["name", '"first"', '"second"', '"third"'], ["seed", "7", "9", "7"]]


def test_any_two_files_are_tested(page: ComparePage) -> None:
    first, second = (child(page, QComboBox, f"compare.pair.{name}") for name in ("first", "second"))
    first.setCurrentText("first: int8")
    second.setCurrentText("second: PRN")
    assert page.pair.text.text().startswith(
        'Of 60 test images, "second: PRN" is right for 0 for which "first: int8" is wrong, and wrong for 21'
    )
    assert "p < 0.001, a single test. The difference is real." in page.pair.text.text()
    second.setCurrentText("third: baseline")
    assert page.pair.text.text() == "They cannot be tested against each other: they were tested on other images."


def test_the_plot_leads_to_the_row_and_offers_no_latency(page: ComparePage, qtbot: QtBot) -> None:
    page.tabs.setCurrentWidget(page.plot)
    qtbot.waitUntil(lambda: len(page.plot.plot.points) == 5, timeout=READ_MS)
    up = child(page, QComboBox, "compare.up")
    offered = [up.itemData(place) for place in range(up.count())]
    assert "accuracy" in offered
    assert not {"latency", "latency_ratio", "epoch_seconds"} & set(offered)
    page.plot.plot.chosen.emit("second: PRN")
    assert page.tabs.currentWidget() is page.table
    (chosen,) = page.table.selectionModel().selectedRows()
    assert (chosen.data(), chosen.siblingAtColumn(1).data()) == ("second", "PRN")


def test_each_front_is_of_files_that_compare(page: ComparePage, qtbot: QtBot) -> None:
    """The third run's images are others, and its files are no better than those of the first for that."""
    page.tabs.setCurrentWidget(page.plot)
    plot = page.plot.plot
    qtbot.waitUntil(lambda: len(plot.points) == 5, timeout=READ_MS)
    by_name = {point.name: point for point in plot.points}
    assert by_name["third: baseline"].y > by_name["first: baseline"].y
    assert by_name["third: baseline"].x == by_name["first: baseline"].x
    assert {name for name, one in by_name.items() if one.standing is Standing.FRONT} == {
        "first: baseline",
        "first: int8",
        "third: baseline",
    }
    assert {name for name, one in by_name.items() if one.group == by_name["first: baseline"].group} == {
        "first: baseline",
        "first: int8",
        "second: baseline",
        "second: PRN",
    }
    assert "others do not compare" in child(page, QLabel, "compare.legend").text()
    # Bytes are bytes, whatever the images.
    up, across = (child(page, QComboBox, f"compare.{name}") for name in ("up", "across"))
    up.setCurrentIndex(up.findData("zip"))
    across.setCurrentIndex(across.findData("size"))
    qtbot.waitUntil(lambda: {point.group for point in plot.points} == {0}, timeout=READ_MS)
    assert "others do not compare" not in child(page, QLabel, "compare.legend").text()


def test_columns_are_chosen_and_remembered(page: ComparePage, settings: QSettings, qtbot: QtBot) -> None:
    place = next(place for place, one in enumerate(COMPARED_FIGURES) if one.name == "macs")
    assert page.table.isColumnHidden(NAMED + place)
    action = next(one for one in page.table.columns_menu.actions() if one.text().startswith("MACs"))
    action.trigger()
    assert not page.table.isColumnHidden(NAMED + place)
    again = ComparePage(settings)
    qtbot.addWidget(again)
    assert not again.table.isColumnHidden(NAMED + place)


def test_the_table_is_exported(page: ComparePage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "out"), ""))
    child(page, QPushButton, "compare.csv").click()
    with (tmp_path / "out.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["run"], row["variant"], row["same_test_images"]) for row in rows][-1] == ("third", "baseline", "False")
    assert rows[2]["paired_lost"] == "6"
    assert rows[4]["paired_lost"] == rows[4]["agreement"] == rows[4]["latency_ratio"] == ""


def test_files_that_are_gone_are_not_timed(page: ComparePage, qtbot: QtBot) -> None:
    child(page, QPushButton, "compare.time").click()
    message = child(page, QLabel, "compare.message")
    qtbot.waitUntil(lambda: "is gone, so it cannot be timed" in message.text())
    assert child(page, QPushButton, "compare.time").isEnabled()


def test_a_run_that_is_gone_is_told(page: ComparePage, qtbot: QtBot, runs: Path) -> None:
    page.compare([runs / "runs" / "first", runs / "runs" / "nowhere"], runs)
    message = child(page, QLabel, "compare.message")
    qtbot.waitUntil(lambda: message.text().startswith("There is no run"), timeout=READ_MS)
    assert page.comparison is None


@pytest.fixture
def window(qtbot: QtBot, settings: QSettings, runs: Path) -> MainWindow:
    locations = Locations(runs).create()
    with open_database(locations.database) as database:
        for name in ("third", "second", "first"):
            record_start(database, name, name)
            record_end(database, name, RunState.DONE)
    window = MainWindow(settings, runs)
    qtbot.addWidget(window, before_close_func=lambda closing: closing.wizard.shut_down())
    window.show()
    return window


def test_marked_runs_are_compared_and_stay_marked(window: MainWindow, qtbot: QtBot) -> None:
    listed = child(window, QListWidget, "runs.list")
    assert isinstance(listed, QListWidget)
    button = child(window, QPushButton, "runs.compare")
    centres = [listed.visualItemRect(listed.item(row)).center() for row in range(2)]
    control = Qt.KeyboardModifier.ControlModifier
    for centre in centres:
        QTest.mouseClick(listed.viewport(), Qt.MouseButton.LeftButton, control, centre)
    # The one that is marked first is shown; marking more opens nothing.
    assert window._stack.shown_run == listed.item(0).data(Qt.ItemDataRole.UserRole).run
    assert button.isVisible()
    assert button.text().replace("&", "") == "Compare 2 marked runs"
    window._refresh_runs()
    assert len(listed.selectedItems()) == 2
    QTest.keyClick(listed, Qt.Key.Key_Return)
    assert window._stack.shows_comparison
    window._stack.show_wizard()
    button.click()
    page = window.findChild(ComparePage)
    assert page is not None
    assert page.isVisible()
    qtbot.waitUntil(lambda: page.comparison is not None, timeout=READ_MS)
    assert set(page.comparison.studies if page.comparison else ()) == {"first", "second"}
    window.close()


def test_the_menu_of_a_run_offers_others_to_compare_with(window: MainWindow, qtbot: QtBot) -> None:
    first = next(one for one in list_runs(Locations(window._stack.runs_directory)) if one.run == "first")
    menu = window._runs.menu_of(first)
    next(one for one in menu.actions() if one.text() == "&Compare with…").trigger()
    dialog = window.findChild(CompareDialog)
    assert dialog is not None
    others = child(dialog, QListWidget, "compare_with.runs")
    assert others.count() == 2
    others.item(0).setSelected(True)
    dialog._on_accepted()
    page = window.findChild(ComparePage)
    assert page is not None
    assert page.isVisible()
    qtbot.waitUntil(lambda: page.comparison is not None, timeout=READ_MS)
    assert page.comparison.studies[0] == "first" if page.comparison else False
    qtbot.waitUntil(lambda: window.findChild(CompareDialog) is None)
    window.close()
