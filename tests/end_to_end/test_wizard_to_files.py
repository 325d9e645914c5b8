"""A new user: through the wizard page by page, a real engine child, curves, bars, subbands, and files on the disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QListWidget, QPlainTextEdit, QPushButton, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from engine.backbones.backbone import layer_graph
from engine.contract.backbone_settings import BackboneSettings
from engine.measurement.tflite_file import TfliteFile
from engine.store.locations import Locations
from engine.store.run_history import RunState, list_runs
from ui.main_window import MainWindow
from ui.shown_run import StageStatus
from ui.wizard.chains.steps_editor import StepsEditor
from ui.wizard.study_wizard import StudyWizard

SCAN_MS = 20_000
RUN_MS, DRAWN_MS = 300_000, 10_000

pytestmark = pytest.mark.usefixtures("no_thread_is_left_behind", "theme")


def _child(window: QWidget, kind: type, name: str) -> QWidget:
    found = window.findChild(kind, name)
    assert found is not None, f"there is no {kind.__name__} {name}"
    return found


def _next(qtbot: QtBot, wizard: StudyWizard) -> None:
    button = _child(wizard, QPushButton, "wizard.next")
    qtbot.waitUntil(button.isEnabled, timeout=SCAN_MS)
    page = wizard.page_number
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: wizard.page_number != page)


def test_from_a_folder_to_compressed_networks(
    qtbot: QtBot, settings: QSettings, tmp_path: Path, heart_folder: Path
) -> None:
    runs = tmp_path / "runs"
    window = MainWindow(settings, runs)
    qtbot.addWidget(window)
    window.show()
    wizard = window.wizard
    qtbot.mouseClick(_child(window, QPushButton, "start.new"), Qt.MouseButton.LeftButton)

    kind = _child(window, QComboBox, "dataset.kind")
    kind.setCurrentIndex(kind.findData("image_folder"))
    path = _child(window, QLineEdit, "dataset.path")
    path.clear()
    qtbot.keyClicks(path, str(heart_folder))
    _next(qtbot, wizard)

    for name in ("images.height", "images.width"):
        _child(window, QSpinBox, name).setValue(48)
    sizes = _child(window, QWidget, "images.sizes")
    qtbot.waitUntil(lambda: "compression ratio" in sizes.text(), timeout=SCAN_MS)
    assert not _child(window, QWidget, "images.band.HH").pixmap().isNull()
    _next(qtbot, wizard)

    width = _child(window, QLineEdit, "backbone.width")
    width.clear()
    qtbot.keyClicks(width, "0.125")
    parameters = _child(window, QWidget, "backbone.parameters")
    expected = layer_graph(BackboneSettings(kind="resnet18", width=0.125), (24, 24, 1), 2).parameters
    assert parameters.text() == f"{expected:,}"
    _child(window, QSpinBox, "training.epochs").setValue(2)
    _child(window, QSpinBox, "training.batch_size").setValue(8)
    _next(qtbot, wizard)

    chains = _child(window, QListWidget, "chains.list")
    for _ in range(chains.count()):
        qtbot.mouseClick(_child(window, QPushButton, "chains.remove"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(_child(window, QPushButton, "chains.add"), Qt.MouseButton.LeftButton)
    steps = window.findChild(StepsEditor)
    steps.add_step("post_training_quantization")
    steps.add_step("magnitude_pruning")
    findings = _child(window, QListWidget, "chains.findings")
    assert "move dynamic range to the end" in findings.item(0).text()
    assert not _child(wizard, QPushButton, "wizard.next").isEnabled()
    qtbot.mouseClick(_child(window, QPushButton, "steps.up"), Qt.MouseButton.LeftButton)
    _child(window, QSpinBox, "step.magnitude_pruning.epochs").setValue(1)
    _next(qtbot, wizard)

    text = _child(window, QPlainTextEdit, "review.text").toPlainText()
    assert 'step = "magnitude_pruning"' in text
    assert "about" in _child(window, QWidget, "review.time").text()
    run = _child(wizard, QPushButton, "wizard.run")
    assert run.isEnabled()
    qtbot.mouseClick(run, Qt.MouseButton.LeftButton)

    dashboard = window.dashboard
    assert dashboard is not None
    with qtbot.waitSignal(window.controller.ended, timeout=RUN_MS) as ended:
        pass
    assert ended.args[0].exit_code == 0, ended.args[0].message
    qtbot.waitUntil(dashboard.is_up_to_date, timeout=DRAWN_MS)

    assert dashboard.curves.points() == 3
    assert dashboard.bars.bars() == 2
    assert dashboard.panels["images"].pictures() == 2 * 3 * 5
    assert dashboard.panels["results"].table.view.model().rowCount() == 2
    assert {stage.status for stage in dashboard.state.stages.values()} == {StageStatus.DONE}

    (record,) = list_runs(Locations(runs))
    assert (record.state, record.variants) == (RunState.DONE, 2)
    for variant in dashboard.state.variants.values():
        assert (record.directory / variant.file).stat().st_size == variant.model_bytes
        assert (record.directory / variant.file).with_suffix(".json").is_file()
    pruned = TfliteFile.read(record.directory / "models" / "pruning 80 % + dynamic range.tflite")
    assert pruned.sparsity_fraction > 0.75
    assert "int8" in pruned.weight_dtypes

    _reopens_as_it_was(qtbot, window)
    window.close()


def _reopens_as_it_was(qtbot: QtBot, window: MainWindow) -> None:
    """The same run from its event log shows what the live one showed."""
    live = window.dashboard
    assert live is not None
    shown = (live.curves.points(), live.bars.bars(), live.panels["images"].pictures())
    qtbot.mouseClick(_child(window, QPushButton, "runs.new"), Qt.MouseButton.LeftButton)
    assert window.dashboard is None
    fresh = MainWindow(window._settings, window._locations.root)
    qtbot.addWidget(fresh)
    runs = _child(fresh, QListWidget, "runs.list")
    assert runs.count() == 1
    runs.itemActivated.emit(runs.item(0))
    assert fresh.dashboard is not None
    qtbot.waitUntil(fresh.dashboard.is_up_to_date, timeout=DRAWN_MS)
    again = (fresh.dashboard.curves.points(), fresh.dashboard.bars.bars(), fresh.dashboard.panels["images"].pictures())
    assert again == shown
    fresh.close()
