"""The cache of decoded images tells its size and is cleared, but not under a run."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QLabel, QPushButton, QSpinBox
from pytestqt.qtbot import QtBot

from engine.store.image_cache_room import cache_bytes
from engine.store.locations import Locations
from ui.image_cache_dialog import ImageCacheDialog, cache_limit_bytes


def dialog_of(qtbot: QtBot, settings: QSettings, locations: Locations, is_busy: bool) -> ImageCacheDialog:
    dialog = ImageCacheDialog(settings, locations, is_busy)
    qtbot.addWidget(dialog)
    dialog.show()
    size = dialog.findChild(QLabel, "image_cache.size")
    qtbot.waitUntil(lambda: size.text() != "…")
    return dialog


def test_it_is_measured_and_cleared(qtbot: QtBot, settings: QSettings, tmp_path: Path) -> None:
    locations = Locations(tmp_path).create()
    entry = locations.image_cache / "entry"
    entry.mkdir()
    (entry / "images.npy").write_bytes(bytes(3 * 1024**2))
    dialog = dialog_of(qtbot, settings, locations, is_busy=False)
    size = dialog.findChild(QLabel, "image_cache.size")
    assert size.text() == "3.0 MiB"
    qtbot.mouseClick(dialog.findChild(QPushButton, "image_cache.clear"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: size.text() == "0 bytes")
    assert cache_bytes(locations.image_cache) == 0
    dialog.reject()


def test_a_run_keeps_its_images_and_the_limit_is_remembered(qtbot: QtBot, settings: QSettings, tmp_path: Path) -> None:
    dialog = dialog_of(qtbot, settings, Locations(tmp_path).create(), is_busy=True)
    assert not dialog.findChild(QPushButton, "image_cache.clear").isEnabled()
    dialog.findChild(QSpinBox, "image_cache.limit").setValue(7)
    assert cache_limit_bytes(settings) == 7 * 1024**3
    dialog.reject()
