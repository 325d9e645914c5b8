"""Each dialogue of the menus opens, the first time in a session, without holding the window."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSettings, Qt, QTimer
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from ui.early_loading import EarlyLoading
from ui.main_window import MainWindow
from ui.menus import Menus

TICK_MS = 5
LONGEST_MS = 50
SETTLED_MS = 3000
"""By then all that a dialogue reads in threads is shown."""
DIALOGUES = ("about_requested", "preferences_requested", "doctor_requested", "help_requested")


@pytest.mark.benchmark
@pytest.mark.usefixtures("theme")
@pytest.mark.parametrize("dialogue", DIALOGUES)
def test_a_dialogue_opens_without_holding_the_window(
    qtbot: QtBot, settings: QSettings, tmp_path: Path, dialogue: str
) -> None:
    window = MainWindow(settings, tmp_path / "runs")
    qtbot.addWidget(window)
    window.show()
    # As the program does.
    EarlyLoading(window.wizard)
    qtbot.wait(SETTLED_MS)
    ticks: list[float] = []
    timer = QTimer(timerType=Qt.TimerType.PreciseTimer, interval=TICK_MS)
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    timer.start()
    qtbot.wait(100)
    # A dialogue may wait for its end in an event loop of its own.
    QTimer.singleShot(SETTLED_MS, lambda: [one.reject() for one in window.findChildren(QDialog)])
    getattr(window.findChild(Menus), dialogue).emit()
    qtbot.wait(SETTLED_MS)
    timer.stop()
    gaps_ms = np.diff(ticks) * 1e3
    print(f"\n{dialogue}: longest of {len(gaps_ms)} gaps {gaps_ms.max():.0f} ms, next {np.sort(gaps_ms)[-2]:.0f} ms")
    window.close()
    assert gaps_ms.max() <= LONGEST_MS
