"""The search for a learning rate by hand, with a real engine child: the curve, the suggestion, another rate, an end."""

from __future__ import annotations

import math
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QLabel, QLineEdit, QPushButton, QSpinBox
from pytestqt.qtbot import QtBot

from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import Recipe
from engine.contract.training_settings import TrainingSettings
from tests.ui.wizard.conftest import OpenWizard
from ui.wizard.network.rate_button import RateButton
from ui.wizard.network.rate_dialog import RateDialog

pytestmark = pytest.mark.usefixtures("no_thread_is_left_behind")

SEARCH_MS = 540_000


def tiny(folder: Path) -> Recipe:
    return Recipe(
        name="tiny",
        dataset=DatasetSettings(kind="image_folder", path=str(folder)),
        images=ImageSettings(size=24, color="grayscale"),
        backbone=BackboneSettings(kind="resnet8", width=0.25),
        training=TrainingSettings(optimizer="adam", batch_size=8, learning_rate=1e-3, head_learning_rate=1e-2),
    )


@pytest.fixture
def network_page(open_wizard: OpenWizard, heart_folder: Path) -> OpenWizard:
    """The third page, over a small folder of images."""
    open_wizard.wizard.set_recipe(tiny(heart_folder))
    open_wizard.next(2)
    return open_wizard


def opened(page: OpenWizard) -> RateDialog:
    """The dialog, opened by the button."""
    page.click("training.find_rate")
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, RateDialog)
    return dialog


def engines() -> list[psutil.Process]:
    """Engine children of this process that run."""
    running = []
    for child in psutil.Process().children(recursive=True):
        try:
            if "--engine-child" in child.cmdline() and child.status() != psutil.STATUS_ZOMBIE:
                running.append(child)
        except psutil.Error:
            continue
    return running


def test_the_suggestion_is_taken_and_undone(network_page: OpenWizard, qtbot: QtBot) -> None:
    before = network_page.recipe
    dialog = opened(network_page)
    use, line = dialog.findChild(QPushButton, "rate.use"), dialog.findChild(QLineEdit, "rate.value")
    message = dialog.findChild(QLabel, "rate.message")
    assert use is not None
    assert line is not None
    assert message is not None
    assert not use.isEnabled()
    qtbot.waitUntil(lambda: 0 < dialog.curve.points() < 150, timeout=SEARCH_MS)
    assert " left" in dialog.findChild(QLabel, "rate.doing").text()  # type: ignore[union-attr]
    qtbot.waitUntil(message.isVisible, timeout=SEARCH_MS)
    assert message.text().startswith("Suggested: "), message.text()
    assert "The head's rate keeps its ratio" in message.text()
    assert 100 < dialog.curve.points() <= 150
    assert dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Close)  # type: ignore[union-attr]
    suggested = float(line.text())
    assert dialog.curve.marked_rate == pytest.approx(suggested)
    click_curve(dialog, 3e-3)
    picked = float(line.text())
    assert picked == pytest.approx(3e-3, rel=0.1)
    assert dialog.curve.marked_rate == pytest.approx(picked)
    line.selectAll()
    qtbot.keyClicks(line, "40")
    assert not use.isEnabled(), "a recipe has rates up to 10"
    refused = dialog.findChild(QLabel, "rate.refused")
    assert refused is not None
    assert refused.isVisible()
    assert "at most 10" in refused.text()
    line.selectAll()
    qtbot.keyClicks(line, "2e-3")
    assert not refused.isVisible()
    qtbot.mouseClick(use, Qt.MouseButton.LeftButton)
    training = network_page.recipe.training
    assert (training.learning_rate, training.head_learning_rate) == (0.002, 0.02)
    assert network_page.child(QLineEdit, "training.learning_rate").text() == "0.002"
    network_page.wizard.undo_action.trigger()
    assert network_page.recipe == before
    assert network_page.child(QLineEdit, "training.learning_rate").text() == "0.001"


def click_curve(dialog: RateDialog, rate: float) -> None:
    """Click into the plot at a rate, by the mouse."""
    plot = dialog.curve.plot
    (left, right), (low, high) = plot.box.viewRange()
    assert left < math.log10(rate) < right
    scene = plot.box.mapViewToScene(QPointF(math.log10(rate), (low + high) / 2))
    place = plot.mapFromScene(scene)
    QTest.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(place.x(), place.y()))
    QApplication.processEvents()


def test_escape_cancels_and_leaves_no_process(network_page: OpenWizard, qtbot: QtBot) -> None:
    before = network_page.recipe
    dialog = opened(network_page)
    qtbot.waitUntil(lambda: len(engines()) == 1, timeout=SEARCH_MS)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert QApplication.activeModalWidget() is None, "it closes at once"
    qtbot.waitUntil(lambda: not engines(), timeout=SEARCH_MS)
    assert network_page.recipe == before


def test_images_that_are_gone_are_told_in_one_sentence(network_page: OpenWizard, qtbot: QtBot, tmp_path: Path) -> None:
    page = network_page.child(RateButton, "training.find_rate")
    gone = tiny(tmp_path / "nowhere")
    page.show_recipe(gone, "")
    dialog = opened(network_page)
    message = dialog.findChild(QLabel, "rate.message")
    assert message is not None
    qtbot.waitUntil(message.isVisible, timeout=SEARCH_MS)
    assert "there is no folder" in message.text()
    assert "\n" not in message.text()
    dialog.reject()


def test_the_button_waits_for_a_network_that_can_be_trained(network_page: OpenWizard) -> None:
    button = network_page.child(RateButton, "training.find_rate")
    assert button.isEnabled()
    network_page.child(QSpinBox, "training.batch_size").setValue(4)
    assert button.isEnabled()
    network_page.write("training.learning_rate", "fast")
    assert not button.isEnabled()
    assert button.toolTip()
    network_page.write("training.learning_rate", "1e-3")
    assert button.isEnabled()
