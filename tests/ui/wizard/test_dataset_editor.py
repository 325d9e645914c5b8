"""A step that brings a dataset has that dataset's whole form among its settings."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from engine.contract.dataset_settings import DatasetSettings
from engine.steps.sparse_transfer.step import SparseTransferParameters
from ui.wizard.chains.step_settings import StepSettings

NAME = "step.sparse_transfer.dataset"


@pytest.fixture
def settings(qtbot: QtBot) -> StepSettings:
    settings = StepSettings()
    qtbot.addWidget(settings)
    settings.resize(620, 560)
    settings.show()
    settings.show_step(SparseTransferParameters(dataset=DatasetSettings(kind="cifar100", path="/cifar")), (0, 1))
    return settings


def editor(settings: StepSettings, kind: type[QWidget], name: str) -> QWidget:
    found = settings.findChild(kind, f"{NAME}.{name}")
    assert found is not None, name
    return found


def test_the_dataset_is_shown_and_edited(qtbot: QtBot, settings: StepSettings) -> None:
    told: list[SparseTransferParameters] = []
    settings.changed.connect(told.append)
    kind = editor(settings, QComboBox, "kind")
    assert isinstance(kind, QComboBox)
    assert kind.currentData() == "cifar100"
    path = editor(settings, QLineEdit, "path")
    assert isinstance(path, QLineEdit)
    assert path.text() == "/cifar"
    labels = editor(settings, QComboBox, "labels")
    assert isinstance(labels, QComboBox)
    labels.setCurrentIndex(labels.findData("coarse"))
    path.selectAll()
    qtbot.keyClicks(path, "/other")
    qtbot.keyClick(path, Qt.Key.Key_Return)
    assert told[-1].dataset == DatasetSettings(kind="cifar100", path="/other", labels="coarse")
    kind.setCurrentIndex(kind.findData("phantom"))
    limit = editor(settings, QSpinBox, "limit_per_class")
    assert isinstance(limit, QSpinBox)
    limit.setValue(30)
    assert told[-1].dataset == DatasetSettings(kind="phantom", limit_per_class=30)
    assert not path.isVisible()
    assert told[-1].epochs == SparseTransferParameters().epochs


def test_what_the_dataset_refuses_the_step_refuses(qtbot: QtBot, settings: StepSettings) -> None:
    share = editor(settings, QLineEdit, "test_fraction")
    assert isinstance(share, QLineEdit)
    share.selectAll()
    qtbot.keyClicks(share, "1.5")
    assert settings.refusal
    share.selectAll()
    qtbot.keyClicks(share, "0.2")
    assert not settings.refusal
