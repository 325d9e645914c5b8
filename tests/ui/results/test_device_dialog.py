"""From the window: a bundle is written, a device is measured over SSH, both can be cancelled; nothing stands still."""

from __future__ import annotations

import gc
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QElapsedTimer, Qt, QTimer
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QListWidget, QPushButton, QSpinBox, QTabWidget, QWidget
from pytestqt.qtbot import QtBot

from engine.device.kept_results import kept_results
from tests.device_toy import FILES
from tests.loopback_sshd import LoopbackServer
from ui.results.device_dialog import DeviceDialog

pytestmark = pytest.mark.usefixtures("no_thread_is_left_behind", "theme")

MAX_STILL_MS = 150
"""On two cores that the measurement uses too; alone it is below 50."""
WORK_MS = 180_000


@pytest.fixture
def dialog(qtbot: QtBot, device_run: Path) -> DeviceDialog:
    # What made the run's files, TensorFlow, is not in the window's process; here a search of it takes most of a second.
    gc.collect()
    gc.freeze()
    dialog = DeviceDialog(device_run, tuple(FILES))
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.findChild(QSpinBox, "device.images").setValue(4)
    return dialog


@pytest.fixture
def ssh_on_path(ssh_device: LoopbackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LoopbackServer:
    """The system's ssh, with the configuration in which the server is called "device"."""
    (tmp_path / "bin").mkdir()
    for name in ("ssh", "scp"):
        program = tmp_path / "bin" / name
        program.write_text(f'#!/bin/sh\nexec {shutil.which(name)} -F {ssh_device.config} "$@"\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    return ssh_device


def press(qtbot: QtBot, dialog: QWidget, name: str) -> None:
    qtbot.mouseClick(dialog.findChild(QPushButton, f"device.{name}"), Qt.MouseButton.LeftButton)


def typed(qtbot: QtBot, dialog: QWidget, name: str, text: str) -> None:
    field = dialog.findChild(QLineEdit, f"device.{name}")
    field.setFocus()
    field.clear()
    for letter in text:
        qtbot.keyClicks(QApplication.focusWidget(), letter)


def message(dialog: QWidget) -> QLabel:
    found = dialog.findChild(QLabel, "device.message")
    assert found is not None
    return found


@contextmanager
def never_still(parent: QWidget) -> Iterator[None]:
    longest, clock, ticking = 0, QElapsedTimer(), QTimer(parent, interval=5)

    def tick() -> None:
        nonlocal longest
        longest = max(longest, clock.restart())

    ticking.timeout.connect(tick)
    clock.start()
    ticking.start()
    yield
    ticking.stop()
    assert longest < MAX_STILL_MS


def ended(dialog: QWidget, role: str) -> Callable[[], bool]:
    return lambda: message(dialog).property("role") == role


def test_a_bundle_of_the_chosen_variants_is_written(qtbot: QtBot, dialog: DeviceDialog, tmp_path: Path) -> None:
    dialog.findChild(QTabWidget, "device.ways").setCurrentIndex(1)
    typed(qtbot, dialog, "file", str(tmp_path / "out.zip"))
    variants = dialog.findChild(QListWidget, "device.variants")
    variants.item(1).setSelected(False)
    with never_still(dialog):
        press(qtbot, dialog, "pack")
        assert not dialog.findChild(QPushButton, "device.pack").isEnabled()
        qtbot.waitUntil(ended(dialog, "good"), timeout=WORK_MS)
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert [model["name"] for model in manifest["models"]] == ["baseline", "int8"]
    dialog.reject()


def test_a_device_is_measured_over_ssh(qtbot: QtBot, dialog: DeviceDialog, ssh_on_path: LoopbackServer) -> None:
    press(qtbot, dialog, "measure")
    assert message(dialog).text().startswith("Name the device")
    typed(qtbot, dialog, "host", "device")
    typed(qtbot, dialog, "name", "Loop")
    run = dialog._run
    with never_still(dialog), qtbot.waitSignal(dialog.imported, timeout=WORK_MS):
        press(qtbot, dialog, "measure")
    assert message(dialog).text() == "Measured on Loop; see Devices."
    assert len(kept_results(run).measurements) == 1
    assert ssh_on_path.measuring() == []
    dialog.reject()


def test_cancel_ends_it_there_and_says_so(qtbot: QtBot, dialog: DeviceDialog, ssh_on_path: LoopbackServer) -> None:
    typed(qtbot, dialog, "host", "device")
    press(qtbot, dialog, "measure")
    qtbot.waitUntil(lambda: "iming, round" in message(dialog).text(), timeout=WORK_MS)
    press(qtbot, dialog, "cancel")
    qtbot.waitUntil(ended(dialog, "warning"), timeout=WORK_MS)
    assert "Nothing runs on device any more" in message(dialog).text()
    assert ssh_on_path.measuring() == []
    dialog.reject()
    assert not dialog.isVisible()


def test_closing_cancels_and_then_closes(qtbot: QtBot, dialog: DeviceDialog, ssh_on_path: LoopbackServer) -> None:
    typed(qtbot, dialog, "host", "device")
    press(qtbot, dialog, "measure")
    qtbot.waitUntil(lambda: "iming, round" in message(dialog).text(), timeout=WORK_MS)
    with never_still(dialog):
        dialog.reject()
        assert dialog.isVisible()
        qtbot.waitUntil(lambda: not dialog.isVisible(), timeout=WORK_MS)
    assert ssh_on_path.measuring() == []


def test_what_is_wrong_is_said(qtbot: QtBot, dialog: DeviceDialog) -> None:
    typed(qtbot, dialog, "host", "-oProxyCommand=x")
    press(qtbot, dialog, "measure")
    qtbot.waitUntil(ended(dialog, "error"), timeout=WORK_MS)
    assert "names no device" in message(dialog).text()
    dialog.findChild(QListWidget, "device.variants").clearSelection()
    press(qtbot, dialog, "measure")
    assert message(dialog).text() == "Choose at least one variant."
    dialog.reject()
