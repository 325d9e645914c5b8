"""Page 1 looks at every image: copies are listed, a button leaves them out, and the look can be stopped."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PySide6.QtWidgets import QLabel, QListWidget, QPushButton, QTableWidget, QTabWidget

from tests.small_study import draw_class_folders
from tests.ui.wizard.conftest import SCAN_MS, OpenWizard


@pytest.fixture
def leaking_folder(tmp_path: Path) -> Path:
    """Drawn hearts with a test set of their own, one of whose images is in training too; and a damaged file."""
    root = tmp_path / "images"
    draw_class_folders(root / "train", count=12)
    for name in ("normal", "sick"):
        (root / "test" / name).mkdir(parents=True)
        for number in range(3):
            shutil.move(root / "train" / name / f"{number:03d}.png", root / "test" / name)
    shutil.copy(root / "test" / "sick" / "001.png", root / "train" / "sick" / "leak.png")
    (root / "train" / "sick" / "zzz.png").write_bytes(b"not a picture")
    return root


def _findings(wizard: OpenWizard) -> list[str]:
    findings = wizard.child(QListWidget, "images.findings")
    return [text for row in range(findings.count()) if (text := findings.item(row).text())]


def test_copies_across_splits_are_listed_and_left_out_by_a_button(
    open_wizard: OpenWizard, leaking_folder: Path
) -> None:
    open_wizard.open_folder(leaking_folder)
    duplicates = open_wizard.child(QTableWidget, "images.duplicates")
    tabs = open_wizard.child(QTabWidget, "dataset.tabs")
    open_wizard.qtbot.waitUntil(lambda: duplicates.rowCount() == 1, timeout=SCAN_MS)
    assert tabs.tabText(1).startswith("Every image (")
    tabs.setCurrentIndex(1)
    assert duplicates.isVisible()
    duplicates.selectRow(0)
    pictures = [open_wizard.child(QLabel, f"images.pair{number}") for number in (1, 2)]
    open_wizard.qtbot.waitUntil(lambda: all(picture.isVisible() for picture in pictures), timeout=SCAN_MS)
    assert pictures[0].pixmap().toImage() == pictures[1].pixmap().toImage()
    assert not pictures[0].pixmap().isNull()
    assert [duplicates.item(0, column).text() for column in range(5)] == [
        "sick/leak.png",
        "train",
        "sick/001.png",
        "test",
        "same pixels",
    ]
    assert open_wizard.child(QLabel, "images.facts").text() == "25 images · 128×128 (25) · 8-bit grayscale (25)"
    assert any("1 image has the same pixels as one in another split" in text for text in _findings(open_wizard))
    skipped = open_wizard.child(QListWidget, "dataset.skipped")
    texts = {skipped.item(row).text() for row in range(skipped.count())}
    assert "sick/zzz.png: cannot be read as an image" in texts
    open_wizard.click("images.findings.repair1")
    open_wizard.qtbot.waitUntil(lambda: open_wizard.recipe.dataset.duplicates == "drop_leaks", timeout=SCAN_MS)
    open_wizard.qtbot.waitUntil(
        lambda: duplicates.rowCount() == 1 and duplicates.item(0, 4).text() == "same pixels, left out", timeout=SCAN_MS
    )
    assert any("and is left out." in text for text in _findings(open_wizard))


def test_fractions_are_not_called_images_of_sixteen_bits(open_wizard: OpenWizard, tmp_path: Path) -> None:
    noise = np.random.default_rng(5)
    for name in ("a", "b"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(6):
            pixels = noise.random((32, 32), dtype=np.float32)
            tifffile.imwrite(tmp_path / "images" / name / f"{number}.tif", pixels)
    open_wizard.open_folder(tmp_path / "images")
    facts = open_wizard.child(QLabel, "images.facts")
    open_wizard.qtbot.waitUntil(lambda: facts.text() != "", timeout=SCAN_MS)
    assert facts.text() == "12 images · 32×32 (12) · grayscale of 16 bits or on a scale of its own (12)"


def test_drawn_images_are_looked_at_when_wished_and_the_look_can_be_stopped(open_wizard: OpenWizard) -> None:
    open_wizard.qtbot.waitUntil(lambda: open_wizard.can_go_on, timeout=SCAN_MS)
    open_wizard.child(QTabWidget, "dataset.tabs").setCurrentIndex(1)
    assert "Not all images are checked yet" in _findings(open_wizard)[0]
    button, told = open_wizard.child(QPushButton, "images.scan"), open_wizard.child(QLabel, "images.progress")
    open_wizard.click("images.scan")
    open_wizard.qtbot.waitUntil(lambda: "of 800 images" in told.text(), timeout=SCAN_MS)
    assert open_wizard.can_go_on, "the user need not wait for it"
    assert button.text() == "S&top"
    open_wizard.click("images.scan")
    assert button.text() == "Check every i&mage"
    open_wizard.qtbot.wait(200)
    assert "Not all images are checked yet" in _findings(open_wizard)[0]


def test_the_last_page_repeats_what_was_found(open_wizard: OpenWizard, leaking_folder: Path) -> None:
    open_wizard.open_folder(leaking_folder)
    duplicates = open_wizard.child(QTableWidget, "images.duplicates")
    open_wizard.qtbot.waitUntil(lambda: duplicates.rowCount() == 1, timeout=SCAN_MS)
    open_wizard.next(pages=3)
    open_wizard.qtbot.wait(50)
    open_wizard.next()
    findings = open_wizard.child(QListWidget, "review.findings")
    texts = [findings.item(row).text() for row in range(findings.count())]
    assert any("same pixels as one in another split" in text for text in texts)
