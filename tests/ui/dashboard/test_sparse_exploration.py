"""The panel of dynamic sparse training draws what its evidence says, for each stage."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from engine.contract.events import EngineEvent, EpochFinished, EvidenceFound
from engine.contract.evidence import StageEvidence
from engine.steps.dynamic_sparse_training.evidence import Exchange, LayerDensity, SparseExploration
from tests.ui.study_events import PRUNING, study_events, until
from ui.dashboard.dashboard import Dashboard
from ui.dashboard.panels.sparse_exploration import SparseExplorationPanel
from ui.theme import DARK, LIGHT


def exploration(done: int) -> SparseExploration:
    exchanges = [
        Exchange(batch=10 * n, drop_fraction=0.3 / n, connections=300 // n, explored_fraction=0.2 + 0.01 * n)
        for n in range(1, done + 1)
    ]
    layers = [
        LayerDensity(layer=f"conv{n}", weights=1000, connections=900 // n, density_fraction=0.9 / n,
                     explored_fraction=1 / n)
        for n in (1, 2, 3)
    ]  # fmt: skip
    return SparseExploration(
        method="rigl", batches=100, planned=7, done=done, listed_every=1, exchanges=tuple(exchanges),
        layers=tuple(layers),
    )  # fmt: skip


def told(stage: str, done: int) -> EngineEvent:
    return EvidenceFound(stage=stage, evidence=StageEvidence.of("RigL 80 %", exploration(done)))


def test_exchanges_and_densities_are_drawn(qtbot: QtBot, tmp_path: Path) -> None:
    dashboard = Dashboard()
    qtbot.addWidget(dashboard)
    dashboard.show()
    panel = dashboard.panels["sparse_exploration"]
    assert isinstance(panel, SparseExplorationPanel)
    tab = dashboard.tabs.indexOf(panel)
    dashboard.take(until(study_events(tmp_path / "run"), EpochFinished, 12))
    qtbot.waitUntil(dashboard.is_up_to_date)
    assert not dashboard.tabs.isTabVisible(tab)
    # Evidence replaces the stage's earlier one.
    dashboard.take([told(PRUNING, 2), told(PRUNING, 5)])
    qtbot.waitUntil(dashboard.is_up_to_date)
    assert dashboard.tabs.isTabVisible(tab)
    assert panel.points() == 5
    explored, dropped = panel.exploration.listDataItems()
    assert explored.getData()[0].tolist() == [10, 20, 30, 40, 50]
    assert explored.getData()[1].tolist() == pytest.approx([0.21, 0.22, 0.23, 0.24, 0.25])
    assert dropped.getData()[1].tolist() == pytest.approx([0.3 / n for n in range(1, 6)])
    _, density = panel.density.listDataItems()
    assert density.getData()[1].tolist() == pytest.approx([0.9, 0.45, 0.3])
    assert "conv2: 450 of 1,000 weights" in panel.density.described(QPointF(2.1, 0.4))
    assert "batch 30" in panel.exploration.described(QPointF(28, 0.2))
    assert panel.exploration.tabled is not None
    assert len(panel.exploration.tabled().rows) == 5
    assert "5 of 7 exchanges" in dashboard.state.log[-1].text
    dashboard.set_theme(DARK)
    assert len(panel.exploration.listDataItems()) == 2
    dashboard.set_theme(LIGHT)
