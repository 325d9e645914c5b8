"""From an empty start to a compressed network of an own folder: seven clicks at most, all else as it comes."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QSettings, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QLabel, QTreeWidget
from pytestqt.qtbot import QtBot

from engine.contract.recipe_file import recipe_text
from engine.store.locations import Locations
from engine.store.run_history import RunState, list_runs
from tests.small_study import small_recipe
from ui.main_window import MainWindow
from ui.wizard.plan_view import TIME_COLUMN

SCAN_MS, RUN_MS = 20_000, 300_000
SIDE, IMAGES_PER_CLASS = 16, 20

pytestmark = pytest.mark.usefixtures("no_thread_is_left_behind", "theme")


@pytest.fixture
def coloured_folder(tmp_path: Path) -> Path:
    """Small colour images: red ones and blue ones."""
    noise = np.random.default_rng(5)
    for name, channel in (("red", 0), ("blue", 2)):
        folder = tmp_path / "own" / name
        folder.mkdir(parents=True)
        for number in range(IMAGES_PER_CLASS):
            image = noise.integers(0, 120, (SIDE, SIDE, 3), dtype=np.uint8)
            image[:, :, channel] += 120
            Image.fromarray(image).save(folder / f"{number}.png")
    return tmp_path / "own"


class Hand:
    """Clicks buttons by name, and counts."""

    def __init__(self, qtbot: QtBot, window: MainWindow) -> None:
        self._qtbot, self._window = qtbot, window
        self.clicks = 0

    def click(self, name: str) -> None:
        button = self._window.findChild(QAbstractButton, name)
        assert button is not None, name
        self._qtbot.waitUntil(lambda: button.isVisible() and button.isEnabled(), timeout=SCAN_MS)
        self._qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        self.clicks += 1


@pytest.fixture
def window(qtbot: QtBot, settings: QSettings, tmp_path: Path) -> MainWindow:
    window = MainWindow(settings, tmp_path / "runs")
    qtbot.addWidget(window, before_close_func=lambda closing: closing.wizard.shut_down())
    window.show()
    return window


def test_an_own_folder_is_compressed_in_seven_clicks(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, coloured_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(coloured_folder))
    hand = Hand(qtbot, window)
    hand.click("start.folder")
    hand.clicks += 1  # The folder is chosen in the system's own dialogue.
    for _ in range(4):
        hand.click("wizard.next")
    hand.click("wizard.run")
    assert hand.clicks <= 7
    images = window.wizard.recipe().images
    assert (images.size, images.color, images.dwt) == (SIDE, "rgb", None), "as the images are"
    with qtbot.waitSignal(window.controller.ended, timeout=RUN_MS) as ended:
        pass
    assert ended.args[0].exit_code == 0, ended.args[0].message
    (record,) = list_runs(Locations(tmp_path / "runs"))
    assert record.state is RunState.DONE
    assert (record.directory / "models" / "int8.tflite").is_file()
    # The same study again would compute nothing, and its plan says so before it is run.
    hand.click("dashboard.duplicate")
    window.wizard.go_to(5)
    time = window.findChild(QLabel, "review.time")
    assert time is not None
    qtbot.waitUntil(lambda: time.text().startswith("All stages exist already"), timeout=SCAN_MS)
    plan = window.findChild(QTreeWidget, "review.plan")
    assert plan is not None
    assert plan.topLevelItem(0).text(TIME_COLUMN) == "already computed"
    window.close()


def test_all_steps_are_seen_and_the_last_is_a_click_away(
    qtbot: QtBot, window: MainWindow, coloured_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(coloured_folder))
    hand = Hand(qtbot, window)
    hand.click("start.folder")
    qtbot.waitUntil(lambda: not window.wizard.current_page.waits_for(), timeout=SCAN_MS)
    hand.click("wizard.step6")
    assert window.wizard.page_number == 5
    hand.click("wizard.step2")
    assert window.wizard.page_number == 1
    window.close()


@pytest.mark.filterwarnings("ignore:.*QDragEnterEvent:DeprecationWarning")
@pytest.mark.parametrize("kind", ["folder", "recipe", "model", "archive"])
def test_what_is_dropped_anywhere_is_taken(
    window: MainWindow, tmp_path: Path, coloured_folder: Path, kind: str
) -> None:
    recipe = tmp_path / "study.toml"
    recipe.write_text(recipe_text(small_recipe(coloured_folder)), encoding="utf-8")
    model = tmp_path / "network.keras"
    model.write_bytes(b"no model, but named as one")
    archive = Path(shutil.make_archive(str(tmp_path / "images"), "zip", coloured_folder))
    dropped = {"folder": coloured_folder, "recipe": recipe, "model": model, "archive": archive}[kind]
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(dropped))])
    held = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, *held)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, *held))
    taken = window.wizard.recipe()
    assert window.wizard.isVisible()
    if kind in ("folder", "archive"):
        assert (taken.dataset.kind, taken.dataset.path) == ("image_folder", str(dropped))
    elif kind == "recipe":
        assert taken == small_recipe(coloured_folder)
    else:
        assert (taken.backbone.kind, taken.backbone.weights) == ("keras_file", str(model))
    window.close()
