"""Page 2: the live before and after, the subbands, and settings that leave nothing to feed."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QCheckBox, QComboBox, QGroupBox, QLabel, QSpinBox

from engine.contract.image_settings import DwtSettings
from tests.ui.wizard.conftest import SCAN_MS, OpenWizard


@pytest.fixture
def images_page(open_wizard: OpenWizard) -> OpenWizard:
    """The demo's images on the second page, previewed."""
    open_wizard.next()
    _wait_for_shape(open_wizard, "64×64, one channel, 25 %")
    return open_wizard


def _wait_for_shape(wizard: OpenWizard, text: str) -> None:
    shape = wizard.child(QLabel, "images.shape")
    wizard.qtbot.waitUntil(lambda: text in shape.text(), timeout=SCAN_MS)


def _pixels(wizard: OpenWizard, name: str) -> np.ndarray:
    image = wizard.child(QLabel, name).pixmap().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width()].astype(float)


def test_the_subbands_are_drawn(images_page: OpenWizard) -> None:
    bands = {name: _pixels(images_page, f"images.band.{name}") for name in ("LL", "LH", "HL", "HH")}
    before = _pixels(images_page, "images.before")
    assert abs(bands["LL"].mean() - before.mean()) < 30, "the approximation is the image, smaller"
    assert all(100 < bands[name].mean() < 155 and bands[name].std() > 5 for name in ("LH", "HL", "HH"))


def test_a_stronger_compression_is_seen_at_once(images_page: OpenWizard) -> None:
    sizes = images_page.child(QLabel, "images.sizes")
    before = sizes.text()
    images_page.child(QSpinBox, "images.jpeg_quality").setValue(30)
    images_page.qtbot.waitUntil(lambda: sizes.text() != before, timeout=SCAN_MS)
    ratio = float(sizes.text().split(" : 1")[0].removeprefix("<b>"))
    assert ratio > 4
    assert "JPEG at quality 30" in images_page.child(QLabel, "images.shape").text()


def test_every_setting_reaches_the_recipe(images_page: OpenWizard) -> None:
    images_page.child(QSpinBox, "images.height").setValue(64)
    images_page.child(QSpinBox, "images.width").setValue(96)
    images_page.choose("images.color", "rgb")
    images_page.choose("images.resample", "bicubic")
    images_page.choose("images.scale", "standardize")
    wavelet = images_page.child(QComboBox, "images.dwt.wavelet")
    wavelet.setCurrentText("db2")
    wavelet.lineEdit().editingFinished.emit()
    images_page.child(QSpinBox, "images.dwt.level").setValue(2)
    images_page.child(QCheckBox, "images.dwt.HH").click()
    images = images_page.recipe.images
    assert (images.size, images.color, images.resample, images.scale) == ((64, 96), "rgb", "bicubic", "standardize")
    assert images.dwt == DwtSettings(wavelet="db2", level=2, subbands=("LL", "HH"))
    _wait_for_shape(images_page, "6 channels")
    assert images_page.child(QLabel, "images.band.HH").pixmap().width() > 0


def test_without_the_transform_the_whole_image_is_fed(images_page: OpenWizard) -> None:
    box = images_page.child(QGroupBox, "images.dwt")
    images_page.qtbot.keyClick(box, Qt.Key.Key_Space)
    assert images_page.recipe.images.dwt is None
    _wait_for_shape(images_page, "128×128, one channel.")


def test_no_subband_at_all_is_refused_until_one_is_ticked_again(images_page: OpenWizard) -> None:
    approximation = images_page.child(QCheckBox, "images.dwt.LL")
    approximation.click()
    assert "Tick at least one subband" in images_page.wait_for_message("images.message")
    images_page.choose("images.resample", "bicubic")
    images_page.qtbot.wait(300)
    assert "Tick at least one subband" in images_page.wait_for_message("images.message"), "another value changes"
    assert not approximation.isChecked()
    assert not images_page.can_go_on
    earlier_preview = images_page.child(QLabel, "images.after")
    assert not earlier_preview.isEnabled()
    approximation.click()
    images_page.qtbot.waitUntil(lambda: images_page.can_go_on, timeout=SCAN_MS)
    assert earlier_preview.isEnabled()


@pytest.mark.parametrize(
    ("wavelet", "level", "sentence"), [("haar", 4, "use a lower level"), ("hear", 1, 'no wavelet "hear"')]
)
def test_a_transform_that_cannot_be_is_said_in_a_sentence(
    images_page: OpenWizard, wavelet: str, level: int, sentence: str
) -> None:
    combo = images_page.child(QComboBox, "images.dwt.wavelet")
    combo.setCurrentText(wavelet)
    combo.lineEdit().editingFinished.emit()
    for name in ("images.height", "images.width"):
        images_page.child(QSpinBox, name).setValue(32)
    images_page.child(QSpinBox, "images.dwt.level").setValue(level)
    message = images_page.child(QLabel, "images.message")
    images_page.qtbot.waitUntil(lambda: sentence in message.text(), timeout=SCAN_MS)
    assert not images_page.can_go_on


def test_what_is_lost_is_said_beside_what_is_gained(images_page: OpenWizard) -> None:
    fidelity = images_page.child(QLabel, "images.fidelity")
    assert "Resized and back: nothing is lost" in fidelity.text()
    for name in ("images.height", "images.width"):
        images_page.child(QSpinBox, name).setValue(64)
    images_page.child(QSpinBox, "images.jpeg_quality").setValue(40)
    images_page.qtbot.waitUntil(lambda: "JPEG: PSNR" in fidelity.text(), timeout=SCAN_MS)
    assert "Resized and back: PSNR" in fidelity.text()
    assert "SSIM 0." in fidelity.text()


def test_a_threshold_is_set_and_its_reconstruction_error_shown(images_page: OpenWizard) -> None:
    kept = images_page.child(QLabel, "images.transform")
    assert "Reconstructed from the fed subbands: PSNR" in kept.text()
    assert "threshold" not in kept.text()
    images_page.write("images.dwt.threshold", "0.03")
    images_page.choose("images.dwt.threshold_mode", "hard")
    images_page.qtbot.waitUntil(lambda: "zero by the threshold" in kept.text(), timeout=SCAN_MS)
    dwt = images_page.recipe.images.first.dwt
    assert dwt is not None
    assert (dwt.threshold, dwt.threshold_mode) == (0.03, "hard")
    images_page.write("images.dwt.threshold", "2")
    assert "Threshold: it has to be at most 0.5." in images_page.wait_for_message("images.message")
    assert not images_page.can_go_on


def test_every_level_can_be_looked_at(images_page: OpenWizard) -> None:
    levels, shares = images_page.child(QComboBox, "images.subbands.level"), []
    images_page.child(QSpinBox, "images.dwt.level").setValue(3)
    images_page.qtbot.waitUntil(lambda: levels.count() == 3, timeout=SCAN_MS)
    assert levels.currentText() == "Level 3"
    for level in range(3):
        levels.setCurrentIndex(level)
        shares.append(_pixels(images_page, "images.band.LL"))
        assert images_page.child(QLabel, "images.histogram.HH").pixmap().width() > 0
    assert not np.array_equal(shares[0], shares[1])
    assert "Level 3 is" not in images_page.child(QLabel, "images.subbands.hint").text()
    levels.setCurrentIndex(0)
    assert "Level 3 is fed, not this one." in images_page.child(QLabel, "images.subbands.hint").text()


def test_any_image_of_any_class_is_shown(images_page: OpenWizard) -> None:
    images_page.qtbot.wait(100)
    before = _pixels(images_page, "images.before")
    shown_class = images_page.child(QComboBox, "images.shown_class")
    assert [shown_class.itemText(row) for row in range(shown_class.count())] == ["normal", "sick"]
    images_page.child(QSpinBox, "images.shown_number").setValue(7)
    images_page.qtbot.waitUntil(lambda: bool(np.any(_pixels(images_page, "images.before") != before)), timeout=SCAN_MS)
    seventh = _pixels(images_page, "images.before")
    shown_class.setCurrentText("sick")
    images_page.qtbot.waitUntil(lambda: bool(np.any(_pixels(images_page, "images.before") != seventh)), timeout=SCAN_MS)
    assert images_page.child(QSpinBox, "images.shown_number").value() == 1
