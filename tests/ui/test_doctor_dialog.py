"""The Help menu says what this computer has and lacks, and lets it be copied and saved."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from engine.store.locations import Locations
from tests.ui.test_main_window import child, open_window
from ui.doctor_dialog import DoctorDialog

pytestmark = pytest.mark.usefixtures("no_thread_is_left_behind")


def test_the_menu_opens_it_and_the_text_can_be_copied_and_saved(
    qtbot: QtBot, settings: QSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(qtbot, settings, Locations(tmp_path / "runs"))
    next(action for action in window.findChildren(QAction) if action.text() == "&Doctor…").trigger()
    dialog = window.findChild(DoctorDialog)
    assert dialog is not None
    text = child(dialog, QPlainTextEdit, "doctor.text")
    copy, save = (
        next(button for button in dialog.findChildren(QPushButton) if button.text() == name)
        for name in ("&Copy", "&Save…")
    )
    assert not copy.isEnabled()
    qtbot.waitUntil(copy.isEnabled, timeout=20_000)
    assert "TensorFlow: 2." in text.toPlainText()
    assert f"{tmp_path / 'runs'}, not there yet" in text.toPlainText()
    copy.click()
    assert QGuiApplication.clipboard().text() == text.toPlainText()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "doctor.txt"), ""))
    save.click()
    assert (tmp_path / "doctor.txt").read_text(encoding="utf-8") == text.toPlainText()
    dialog.reject()
    window.close()
