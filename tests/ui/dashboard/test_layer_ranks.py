"""The panel of low-rank factorisation draws what its evidence says."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from engine.contract.events import EpochFinished, EvidenceFound
from engine.contract.evidence import StageEvidence
from engine.steps.low_rank.evidence import LayerRank, LayerRanks
from tests.ui.study_events import PRUNING, study_events, until
from ui.dashboard.dashboard import Dashboard
from ui.dashboard.panels.layer_ranks import LayerRanksPanel
from ui.theme import DARK

FOUND = LayerRanks(
    method="spatial",
    macs_before=1_000_000,
    macs_after=650_000,
    validation_accuracy_before=0.9,
    validation_accuracy_after_factoring=0.5,
    validation_accuracy_after_fine_tuning=0.88,
    layers=(
        LayerRank(layer="conv1", full_rank=9, rank=9, energy_fraction=1.0, macs_before=400_000, macs_after=400_000),
        LayerRank(layer="conv2", full_rank=48, rank=8, energy_fraction=0.75, macs_before=600_000, macs_after=250_000),
    ),
)


def test_costs_are_drawn_and_described(qtbot: QtBot, tmp_path: Path) -> None:
    dashboard = Dashboard()
    qtbot.addWidget(dashboard)
    dashboard.show()
    panel = dashboard.panels["low_rank"]
    assert isinstance(panel, LayerRanksPanel)
    tab = dashboard.tabs.indexOf(panel)
    dashboard.take(until(study_events(tmp_path / "run"), EpochFinished, 12))
    qtbot.waitUntil(dashboard.is_up_to_date)
    assert not dashboard.tabs.isTabVisible(tab)
    dashboard.take([EvidenceFound(stage=PRUNING, evidence=StageEvidence.of("ranks", FOUND))])
    qtbot.waitUntil(dashboard.is_up_to_date)
    assert dashboard.tabs.isTabVisible(tab)
    after, before = panel.costs.listDataItems()
    assert after.getData()[1].tolist() == [0.4, 0.25]
    assert before.getData()[1].tolist() == [0.4, 0.6]
    assert "conv1: whole" in panel.costs.described(QPointF(1.1, 0))
    assert "conv2: rank 8 of 48, 75.0% of the energy, 41.7% of the MACs" in panel.costs.described(QPointF(2.2, 0))
    assert panel.costs.tabled is not None
    assert panel.costs.tabled().rows[1][1:4] == ("conv2", 48, 8)
    assert "1 of 2 layers factored; 65.0% of the MACs remain" in dashboard.state.log[-1].text
    dashboard.set_theme(DARK)
    assert len(panel.costs.listDataItems()) == 2
    assert FOUND.rows()[0][2] == "whole"
    assert float(FOUND.rows()[1][3]) == pytest.approx(0.75)
