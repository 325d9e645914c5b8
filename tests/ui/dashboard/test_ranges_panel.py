"""The ranges of a calibrated variant, as bars."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QComboBox, QLabel
from pytestqt.qtbot import QtBot

from engine.contract.events import VariantMeasured
from engine.contract.evidence import StageEvidence
from engine.steps.post_training_quantization.evidence import CalibrationRecord, TensorRange
from tests.ui.study_events import variant
from ui.dashboard.panels.activation_ranges import RangesPanel
from ui.shown_run import ShownRun
from ui.theme import DARK, LIGHT

STEM = "model/stem_conv/Conv2D;model/stem_relu/Relu"
SHORTCUT = "model/shortcut/BiasAdd;model/shortcut/Conv2D;model/shortcut/BiasAdd/ReadVariableOp/resource1"


@pytest.fixture
def state(tmp_path: Path) -> ShownRun:
    """A run with a float variant, and one that was calibrated by percentile."""
    ranges = (
        TensorRange(tensor="serving_default_image:0", seen_least=0, seen_greatest=1, least=0, greatest=1),
        TensorRange(tensor=STEM, seen_least=0, seen_greatest=8, least=0, greatest=6),
        TensorRange(tensor=SHORTCUT, seen_least=-1, seen_greatest=2, least=-1, greatest=2),
        TensorRange(tensor="PartitionedCall:0", seen_least=0, seen_greatest=1, least=0, greatest=1),
    )
    record = CalibrationRecord(method="percentile", percentile=99.9, images=50, ranges=ranges)
    state = ShownRun(tmp_path)
    state.apply(VariantMeasured(stage="a", variant=variant("baseline")))
    calibrated = variant("int8").model_copy(update={"evidence": (StageEvidence.of("int8", record),)})
    state.apply(VariantMeasured(stage="b", variant=calibrated))
    return state


@pytest.fixture
def panel(qtbot: QtBot) -> RangesPanel:
    panel = RangesPanel(LIGHT)
    qtbot.addWidget(panel)
    panel.resize(900, 400)
    panel.show()
    return panel


def test_it_draws_a_bar_a_tensor_and_says_what_was_cut(panel: RangesPanel, state: ShownRun) -> None:
    text = panel.findChild(QLabel, "dashboard.ranges.text")
    assert "appear here" in text.text()
    panel.show_state(state)
    choice = panel.findChild(QComboBox, "dashboard.ranges.variant")
    assert [choice.itemText(row) for row in range(choice.count())] == ["int8"]
    assert panel.bars() == 4
    assert "50 calibration images, cut at percentile 99.9" in text.text()
    assert "The most is cut off stem_relu: 25 % of its span." in text.text()
    names = panel.plot.getAxis("left")._tickLevels[0]
    assert [name for _, name in names] == ["image", "stem_relu", "shortcut", "output"]
    panel.show_state(state)
    assert choice.count() == 1
    panel.set_theme(DARK)


def test_the_run_tells_all_that_is_drawn(panel: RangesPanel, state: ShownRun) -> None:
    """No file is needed: a run that is read from its event log shows the same, wherever its folder is."""
    assert state.directory is not None
    assert not list(state.directory.iterdir())
    panel.show_state(state)
    assert panel.bars() == 4
