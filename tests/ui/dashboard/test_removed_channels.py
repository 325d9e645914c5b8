"""The panel of channel pruning draws what its evidence says, for each stage."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from engine.contract.events import EngineEvent, EpochFinished, EvidenceFound
from engine.contract.evidence import StageEvidence
from engine.steps.channel_pruning.evidence import ChannelRound, LayerChannels, RemovedChannels
from tests.ui.study_events import PRUNING, study_events, until
from ui.dashboard.dashboard import Dashboard
from ui.dashboard.panels.removed_channels import RemovedChannelsPanel
from ui.theme import DARK


def removed(done: int) -> RemovedChannels:
    rounds = tuple(
        ChannelRound(
            macs=1000 - 200 * number,
            parameters=100 - 20 * number,
            groups=60 - 10 * number,
            epochs=2,
            validation_accuracy_after_pruning=0.7 - 0.1 * number,
            validation_accuracy_after_fine_tuning=0.9 - 0.01 * number,
        )
        for number in range(1, done + 1)
    )
    layers = (LayerChannels(layer="conv1", before=16, after=8), LayerChannels(layer="conv2", before=32, after=24))
    return RemovedChannels(
        criterion="l1", planned=3, macs_before=1000, parameters_before=100, groups_before=60,
        validation_accuracy_before=0.9, rounds=rounds, layers=layers,
    )  # fmt: skip


def told(stage: str, done: int) -> EngineEvent:
    return EvidenceFound(stage=stage, evidence=StageEvidence.of("channels", removed(done)))


def test_rounds_and_channels_are_drawn(qtbot: QtBot, tmp_path: Path) -> None:
    dashboard = Dashboard()
    qtbot.addWidget(dashboard)
    dashboard.show()
    panel = dashboard.panels["channel_pruning"]
    assert isinstance(panel, RemovedChannelsPanel)
    tab = dashboard.tabs.indexOf(panel)
    dashboard.take(until(study_events(tmp_path / "run"), EpochFinished, 12))
    qtbot.waitUntil(dashboard.is_up_to_date)
    assert not dashboard.tabs.isTabVisible(tab)
    # Evidence replaces the stage's earlier one.
    dashboard.take([told(PRUNING, 1), told(PRUNING, 2)])
    qtbot.waitUntil(dashboard.is_up_to_date)
    assert dashboard.tabs.isTabVisible(tab)
    assert panel.points() == 2
    tuned, pruned = panel.accuracy.listDataItems()
    assert tuned.getData()[0].tolist() == pytest.approx([1.0, 0.8, 0.6])
    assert tuned.getData()[1].tolist() == pytest.approx([0.9, 0.89, 0.88])
    assert pruned.getData()[1].tolist() == pytest.approx([0.9, 0.6, 0.5])
    after, before = panel.channels.listDataItems()
    assert after.getData()[1].tolist() == [8, 24]
    assert before.getData()[1].tolist() == [16, 32]
    assert "conv2: 24 of 32 channels remain" in panel.channels.described(QPointF(1.9, 20))
    assert "60.0% of the MACs" in panel.accuracy.described(QPointF(0.58, 0.8))
    assert panel.accuracy.tabled is not None
    assert len(panel.accuracy.tabled().rows) == 2
    assert panel.channels.tabled is not None
    assert panel.channels.tabled().rows[1][1:] == ("conv2", 32, 24)
    assert "60.0% of the MACs" in dashboard.state.log[-1].text
    dashboard.set_theme(DARK)
    assert len(panel.channels.listDataItems()) == 2
