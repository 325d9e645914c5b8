"""The window opens with its first page; the others are made before anyone comes to them, or when someone does."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit
from pytestqt.qtbot import QtBot

from tests.ui.wizard.conftest import OpenWizard
from ui.early_loading import EarlyLoading
from ui.wizard.study_wizard import PAGES, StudyWizard, first_recipe


def test_all_pages_are_made_while_the_first_is_read(qtbot: QtBot, settings: QSettings, tmp_path: Path) -> None:
    wizard = StudyWizard(settings, tmp_path)
    qtbot.addWidget(wizard)
    wizard.show()
    assert len(wizard.pages) == 1
    EarlyLoading(wizard)
    qtbot.waitUntil(lambda: len(wizard.pages) == PAGES, timeout=10_000)
    assert wizard.page_number == 0
    qtbot.waitUntil(lambda: "ui.dashboard.dashboard" in sys.modules, timeout=10_000)
    wizard.shut_down()


def test_a_hurried_user_finds_each_page(open_wizard: OpenWizard) -> None:
    assert len(open_wizard.wizard.pages) == 1
    for page in range(1, PAGES):
        open_wizard.go_to(page)
        assert len(open_wizard.wizard.pages) == page + 1
    assert open_wizard.child(QLineEdit, "review.name").text() == first_recipe().name


def test_a_page_that_is_made_later_knows_where_runs_are_kept_by_then(open_wizard: OpenWizard, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    open_wizard.wizard.set_runs_directory(tmp_path / "file" / "runs")
    open_wizard.next(4)
    assert open_wizard.child(QPlainTextEdit, "review.text").toPlainText()
    assert str(tmp_path / "file") in open_wizard.wait_for_message("wizard.waits")
