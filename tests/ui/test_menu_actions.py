"""Actions that are used after they were added stay alive while others come and go."""

from __future__ import annotations

import re
from pathlib import Path

import shiboken6
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from ui.menu_actions import added_action

KEPT = re.compile(r"=\s*\w+(\.\w+)*\.addAction\(")


def test_no_action_is_kept_that_a_menu_made(checkout: Path) -> None:
    found = [
        f"{file.relative_to(checkout)}: {line.strip()}"
        for file in sorted((checkout / "ui").rglob("*.py"))
        for line in file.read_text(encoding="utf-8").splitlines()
        if KEPT.search(line)
    ]
    assert found == []


def test_it_acts_and_outlives_the_menus_of_others(qtbot: QtBot) -> None:
    done: list[str] = []
    menu = QMenu()
    qtbot.addWidget(menu)
    action = added_action(menu, "&Do it", lambda: done.append("done"))
    for _ in range(50):
        other = QMenu()
        other.addAction("of a moment")
        other.clear()
        other.deleteLater()
    qtbot.wait(10)
    assert shiboken6.isValid(action)
    action.trigger()
    assert done == ["done"]
