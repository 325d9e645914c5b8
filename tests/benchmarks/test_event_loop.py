"""While the engine child trains and converts at full load, the window's event loop keeps its time."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSettings, Qt, QTimer
from pytestqt.qtbot import QtBot

from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.training_settings import TrainingSettings
from ui.main_window import MainWindow

TICK_MS = 10
WITHIN_MS = 33
SHARE_WITHIN = 0.999
LONGEST_MS = 100
RUN_MS = 900_000


@pytest.mark.benchmark
@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("no_thread_is_left_behind", "theme")
def test_the_event_loop_is_never_blocked(qtbot: QtBot, settings: QSettings, tmp_path: Path) -> None:
    quantised = [
        {"step": "post_training_quantization", "scheme": scheme} for scheme in ("dynamic_range", "float16", "int8")
    ]
    recipe = Recipe(
        name="full load",
        dataset=DatasetSettings(limit_per_class=400),
        images=ImageSettings(size=64, color="grayscale"),
        backbone=BackboneSettings(width=0.5),
        training=TrainingSettings(epochs=20),
        chains=tuple(ChainSettings(name=str(step["scheme"]), steps=(step,)) for step in quantised),
    )
    window = MainWindow(settings, tmp_path / "runs")
    qtbot.addWidget(window)
    window.show()
    qtbot.wait(1000)
    # pyqtgraph is loaded, and the dashboard built, once a session: that is the start of a run, not its load.
    window.start_run(recipe)
    qtbot.wait(1500)
    ticks: list[float] = []
    timer = QTimer(timerType=Qt.TimerType.PreciseTimer, interval=TICK_MS)
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    with qtbot.waitSignal(window.controller.ended, timeout=RUN_MS) as ended:
        timer.start()
    timer.stop()
    assert ended.args[0].exit_code == 0, ended.args[0].message
    window.close()
    gaps_ms = np.diff(ticks) * 1e3
    share = float(np.mean(gaps_ms <= WITHIN_MS))
    print(
        f"\n{len(gaps_ms)} ticks of {TICK_MS} ms over {ticks[-1] - ticks[0]:.0f} s: {share * 100:.3f} % within "
        f"{WITHIN_MS} ms, p50 {np.percentile(gaps_ms, 50):.1f} ms, longest {gaps_ms.max():.1f} ms"
    )
    assert gaps_ms.max() < LONGEST_MS
    assert share >= SHARE_WITHIN
