"""A run's figures are computed again from its menu, in a dialog that says which hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QTableWidget
from pytestqt.qtbot import QtBot

from engine.store.locations import Locations
from engine.store.run_history import list_runs
from tests.ui.test_main_window import child, open_window
from ui.runs_list.verify_dialog import VerifyDialog

VERIFIED_MS = 60_000

pytestmark = pytest.mark.usefixtures("no_thread_is_left_behind")


def test_the_menu_verifies_a_run_and_names_what_was_changed(
    qtbot: QtBot, settings: QSettings, copied_run: Path
) -> None:
    file = copied_run / "models" / "PRQ.tflite"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0x40
    file.write_bytes(content)
    locations = Locations(copied_run.parents[1])
    window = open_window(qtbot, settings, locations)
    record = next(one for one in list_runs(locations) if one.run == copied_run.name)
    menu = window._runs.menu_of(record)
    next(action for action in menu.actions() if "Verify" in action.text()).trigger()
    dialog = window.findChild(VerifyDialog)
    assert dialog is not None
    table = child(dialog, QTableWidget, "verify.table")
    qtbot.waitUntil(table.isVisible, timeout=VERIFIED_MS)
    names = [table.verticalHeaderItem(row).text() for row in range(table.rowCount())]
    first = [table.item(row, 0).text() for row in range(table.rowCount())]
    assert dict(zip(names, first, strict=True)) == {"baseline": "holds", "PRN": "holds", "PRQ": "does not hold"}
    assert "figures do not hold" in child(dialog, QLabel, "verify.said").text()
    assert "models/PRQ.tflite is not the file" in child(dialog, QPlainTextEdit, "verify.text").toPlainText()
    dialog.reject()
    window.close()


def test_closing_stops_the_work(qtbot: QtBot, copied_run: Path) -> None:
    dialog = VerifyDialog("study", copied_run)
    qtbot.addWidget(dialog)
    dialog.open()
    dialog.reject()


def test_what_cannot_be_verified_is_said(qtbot: QtBot, copied_run: Path) -> None:
    (copied_run / "split.csv").unlink()
    dialog = VerifyDialog("study", copied_run)
    qtbot.addWidget(dialog)
    dialog.open()
    said = child(dialog, QLabel, "verify.said")
    qtbot.waitUntil(lambda: "missing or damaged" in said.text(), timeout=VERIFIED_MS)
    dialog.reject()
