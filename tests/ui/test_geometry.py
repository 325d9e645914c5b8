"""Nothing is cut and nothing overlaps, at the smallest screen that is promised and at its half (its scale is 2 then).

`python -m tests.screens OUT` looks at all sizes, scales, themes and dialogues with a real run, and draws them.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from tests.screens import faults
from tests.small_study import small_recipe
from tests.ui.study_events import study_events
from tests.written_runs import write_run
from ui.main_window import MainWindow
from ui.wizard.study_wizard import PAGES

SIZES = ((1024, 700), (700, 700), (512, 350))

pytestmark = pytest.mark.usefixtures("no_thread_is_left_behind")


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_nothing_is_cut_or_overlaps(
    qtbot: QtBot,
    settings: QSettings,
    tmp_path: Path,
    heart_folder: Path,
    shipped_toys: dict[str, Path],
    size: tuple[int, int],
) -> None:
    window = MainWindow(settings, tmp_path / "runs")
    qtbot.addWidget(window, before_close_func=lambda closing: closing.wizard.shut_down())
    window.resize(*size)
    window.show()
    found = faults(window)
    page = window.show_bench()
    qtbot.wait(100)
    found += [f"bench: {fault}" for fault in faults(window)]
    page.take([*shipped_toys.values(), heart_folder])
    qtbot.waitUntil(lambda: not page.is_busy, timeout=20_000)
    qtbot.wait(200)
    found += [f"bench, answered: {fault}" for fault in faults(window)]
    page.shut_down()
    folders = [write_run(tmp_path / "runs", name, {"baseline": (0,), "int8": (1,)}) for name in ("first", "second")]
    comparison = window._stack.compare_folders(folders)
    qtbot.waitUntil(lambda: comparison.comparison is not None, timeout=20_000)
    for tab in range(comparison.tabs.count()):
        comparison.tabs.setCurrentIndex(tab)
        qtbot.wait(100)
        found += [f"compared, {comparison.tabs.tabText(tab)}: {fault}" for fault in faults(window)]
    comparison.shut_down()
    window.wizard.set_recipe(small_recipe(heart_folder))
    window._stack.show_wizard()
    for number in range(PAGES):
        window.wizard.go_to(number)
        qtbot.waitUntil(lambda: not window.wizard.current_page.waits_for(), timeout=20_000)
        qtbot.wait(100)
        found += [f"page {number + 1}: {fault}" for fault in faults(window)]
    board = window._stack._new_dashboard(small_recipe(tmp_path), tmp_path, "run")
    window._stack.setCurrentWidget(board)
    board.take(study_events(tmp_path))
    board.show_read()
    qtbot.waitUntil(board.is_up_to_date)
    for tab in range(board.tabs.count()):
        board.tabs.setCurrentIndex(tab)
        qtbot.wait(30)
        found += [f"{board.tabs.tabText(tab)}: {fault}" for fault in faults(window)]
    board.shut_down()
    window.wizard.shut_down()
    assert found == []
