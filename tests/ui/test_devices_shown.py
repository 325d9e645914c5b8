"""Results that are dropped on the window are taken into their run, and stand beside this computer's figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QSettings, Qt, QTimer, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMessageBox, QTableView
from pytestqt.qtbot import QtBot

from engine.device.bundle import AskedBundle, write_bundle
from engine.device.bundle_manifest import BundleRecord
from tests.written_results import results_of, sealed
from ui.dashboard.panels.devices import DevicesPanel
from ui.dropped_thing import Thing, recognised
from ui.main_window import MainWindow
from ui.theme import current_theme

pytestmark = pytest.mark.usefixtures("no_thread_is_left_behind", "theme")

WAIT_MS = 20_000


@pytest.fixture
def bundle(device_run: Path, tmp_path: Path) -> BundleRecord:
    written = write_bundle(AskedBundle(str(device_run), images=6), tmp_path / "bundle.zip", device_run.parents[1])
    record = BundleRecord.of(device_run, written.manifest.bundle)
    assert record is not None
    return record


@pytest.fixture
def window(qtbot: QtBot, settings: QSettings, device_run: Path) -> MainWindow:
    window = MainWindow(settings, device_run.parents[1])
    qtbot.addWidget(window, before_close_func=lambda closing: closing._shut_down())
    window.show()
    return window


def drop(window: MainWindow, file: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file))])
    held = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    entering = QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, *held)
    QApplication.sendEvent(window, entering)
    assert entering.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, *held))


def panel_of(window: MainWindow) -> DevicesPanel:
    assert window.dashboard is not None
    panel = window.dashboard.panels["devices"]
    assert isinstance(panel, DevicesPanel)
    return panel


def shown(window: MainWindow, count: int) -> Callable[[], bool]:
    return lambda: window.dashboard is not None and panel_of(window).chosen.count() == count


def cells(view: QTableView, head: str) -> list[tuple[str, object, str]]:
    """(text, colour, tip) of each row in the column with such a head."""
    model = view.model()
    horizontal = Qt.Orientation.Horizontal
    (place,) = (c for c in range(model.columnCount()) if head in str(model.headerData(c, horizontal)))
    found = (model.index(row, place) for row in range(model.rowCount()))
    roles = Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ForegroundRole, Qt.ItemDataRole.ToolTipRole
    return [tuple(index.data(role) for role in roles) for index in found]  # type: ignore[misc]


def test_dropped_results_are_shown_in_table_bars_and_panel(
    qtbot: QtBot, window: MainWindow, bundle: BundleRecord, tmp_path: Path
) -> None:
    found = results_of(bundle)
    answers = found["models"][2]["answers"]["predicted"]
    answers[1] = 1 - answers[1]
    file = tmp_path / "results.json"
    file.write_text(json.dumps(sealed(found)))
    drop(window, file)
    qtbot.waitUntil(shown(window, 1), timeout=WAIT_MS)
    assert window.dashboard is not None
    qtbot.waitUntil(window.dashboard.is_up_to_date, timeout=WAIT_MS)
    panel = panel_of(window)
    assert window.dashboard.tabs.currentWidget() is panel
    # Three files: this computer, and the device with one thread and with four.
    assert panel.plot.bars() == 9
    assert panel.answers.isVisibleTo(panel)
    assert f"1 ({bundle.paths[0][1]})" in panel.answers.text()
    red = QColor(current_theme().error)
    rows = [(panel.table.item(row, 0).text(), panel.table.item(row, 8).foreground().color()) for row in range(6)]
    assert [name for name, colour in rows if colour == red] == ["int8", "int8"]
    view = window.findChild(QTableView, "results.table")
    answered = cells(view, "answers as here")
    assert [text for text, _, _ in answered] == ["6 of 6", "6 of 6", "5 of 6"]
    assert [colour for _, colour, _ in answered] == [None, None, red]
    assert bundle.paths[0][1] in answered[2][2]
    assert [text for text, _, _ in cells(view, "p50 (ms), 1 thread")] == ["1.00", "2.00", "3.00"]


def test_several_devices_stand_beside_each_other(
    qtbot: QtBot, window: MainWindow, bundle: BundleRecord, tmp_path: Path
) -> None:
    for number, name in enumerate(("First board", "Second board"), start=1):
        file = tmp_path / f"{number}.json"
        file.write_text(json.dumps(results_of(bundle, name=name)))
        drop(window, file)
        qtbot.waitUntil(shown(window, number), timeout=WAIT_MS)
    assert panel_of(window).plot.bars() == 15


def test_damaged_results_are_told_and_nothing_changes(
    qtbot: QtBot, window: MainWindow, bundle: BundleRecord, device_run: Path, tmp_path: Path
) -> None:
    file = tmp_path / "results.json"
    file.write_text(json.dumps(results_of(bundle)).replace('"cores": 4', '"cores": 5'))
    assert recognised(file).thing is Thing.DEVICE_RESULTS  # type: ignore[union-attr]
    told: list[str] = []

    def close() -> None:
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            told.append(box.text() + box.informativeText())
            box.accept()
        else:
            QTimer.singleShot(50, close)

    QTimer.singleShot(50, close)
    drop(window, file)
    qtbot.waitUntil(lambda: bool(told), timeout=WAIT_MS)
    assert "checksum does not fit" in told[0]
    assert not list((device_run / "devices").glob("*.json"))


def test_another_json_is_no_result(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"kind": "other"}')
    assert recognised(tmp_path / "a.json") is None
