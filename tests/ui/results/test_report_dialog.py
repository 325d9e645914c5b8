"""A report is written from the window beside the event loop, opened when it is done, and called off by closing."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QCheckBox, QDialog, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from tests.engine.report.conftest import write_told_run
from ui.results.report_dialog import ReportDialog

pytestmark = pytest.mark.usefixtures("no_thread_is_left_behind", "theme")

MAX_STILL_MS = 150
"""On two cores that other tests use too; alone it is below 50."""


class Opened(QObject):
    """Takes what the desktop would open."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[QUrl] = []
        QDesktopServices.setUrlHandler("file", self, "take")

    @Slot(QUrl)
    def take(self, url: QUrl) -> None:
        self.urls.append(url)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_told_run(tmp_path / "home")


def dialog_of(qtbot: QtBot, run: Path, out: str) -> ReportDialog:
    dialog = ReportDialog(run)
    qtbot.addWidget(dialog)
    dialog.show()
    folder = dialog.findChild(QLineEdit, "report.folder")
    assert run.name in folder.text()
    folder.clear()
    qtbot.keyClicks(folder, out)
    return dialog


def write(qtbot: QtBot, dialog: QDialog) -> None:
    qtbot.mouseClick(dialog.findChild(QPushButton, "report.write"), Qt.MouseButton.LeftButton)


def test_it_is_written_and_opened(qtbot: QtBot, run: Path, tmp_path: Path) -> None:
    opened = Opened()
    dialog = dialog_of(qtbot, run, str(tmp_path / "out"))
    message = dialog.findChild(QLabel, "report.message")
    longest, clock, ticking = 0, QElapsedTimer(), QTimer(dialog, interval=5)

    def tick() -> None:
        nonlocal longest
        longest = max(longest, clock.restart())

    ticking.timeout.connect(tick)
    clock.start()
    ticking.start()
    write(qtbot, dialog)
    assert not dialog.findChild(QPushButton, "report.write").isEnabled()
    qtbot.waitUntil(lambda: message.property("role") == "good", timeout=60_000)
    ticking.stop()
    assert longest < MAX_STILL_MS
    assert (tmp_path / "out" / "report.pdf").is_file()
    assert [url.fileName() for url in opened.urls] == ["report.html"]
    assert dialog.findChild(QPushButton, "report.write").isEnabled()
    QDesktopServices.unsetUrlHandler("file")
    dialog.reject()


def test_closing_calls_it_off(qtbot: QtBot, run: Path, tmp_path: Path) -> None:
    dialog = dialog_of(qtbot, run, str(tmp_path / "out"))
    dialog.findChild(QCheckBox, "report.pictures").setChecked(False)
    write(qtbot, dialog)
    began = time.monotonic()
    dialog.reject()
    assert time.monotonic() - began < 8
    assert not (tmp_path / "out").exists()


def test_what_is_wrong_is_said(qtbot: QtBot, run: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("mine")
    dialog = dialog_of(qtbot, run, str(tmp_path))
    message = dialog.findChild(QLabel, "report.message")
    write(qtbot, dialog)
    qtbot.waitUntil(lambda: message.property("role") == "error", timeout=30_000)
    assert "holds other files" in message.text()
    assert dialog.findChild(QPushButton, "report.write").isEnabled()
    dialog.findChild(QLineEdit, "report.folder").clear()
    write(qtbot, dialog)
    assert message.text() == "Name a folder for the report."
    dialog.reject()
