"""Page 3's augmentations: presets, ticked boxes with their order, and the pictures before and after."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QAbstractButton, QApplication, QCheckBox, QComboBox, QLabel, QPushButton

from engine.contract.augmentation import AUGMENTATIONS
from engine.contract.image_settings import ImageSettings
from engine.contract.progress import UNWATCHED
from engine.contract.recipe import Recipe
from engine.contract.training_settings import TrainingSettings
from tests.ui.wizard.conftest import SCAN_MS, OpenWizard
from ui.wizard.network.augmentation_choice import OWN_CHOICE
from ui.wizard.network.augmentation_presets import augmentation_presets
from ui.wizard.network.augmented_pictures import SHOWN_SAMPLES
from workers.augmentation_preview import preview_augmentation
from workers.dataset_scan import DecodedSample

ULTRASOUND = next(preset for preset in augmentation_presets() if preset.title.startswith("Ultrasound"))
HISTOLOGY = next(preset for preset in augmentation_presets() if preset.title.startswith("Histology"))
DEMO = ("hflip", "rotate")


@pytest.fixture
def network_page(open_wizard: OpenWizard) -> OpenWizard:
    """The third page, over the demo's images, with its pictures drawn."""
    recipe = open_wizard.recipe
    training = recipe.training.model_copy(update={"augment": DEMO})
    open_wizard.wizard.set_recipe(recipe.model_copy(update={"training": training}))
    open_wizard.next(2)
    _wait_for_pictures(open_wizard)
    return open_wizard


def _wait_for_pictures(wizard: OpenWizard) -> None:
    wizard.qtbot.waitUntil(lambda: "as a training" in _note(wizard), timeout=SCAN_MS)


def _note(wizard: OpenWizard) -> str:
    return wizard.child(QLabel, "augmented.note").text()


def _pixels(wizard: OpenWizard, when: str) -> np.ndarray:
    """All pictures of a row, side by side."""
    rows = []
    for number in range(SHOWN_SAMPLES):
        image = wizard.child(QLabel, f"augmented.{when}{number}").pixmap().toImage()
        image = image.convertToFormat(QImage.Format.Format_Grayscale8)
        lines = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
        rows.append(lines[:, : image.width()].copy())
    return np.concatenate(rows, axis=1)


def _preset(wizard: OpenWizard) -> str:
    return wizard.child(QComboBox, "training.augment.preset").currentText()


def _choose_preset(wizard: OpenWizard, title: str) -> None:
    combo = wizard.child(QComboBox, "training.augment.preset")
    combo.setCurrentIndex(combo.findText(title))
    combo.activated.emit(combo.currentIndex())


def _ticked(wizard: OpenWizard) -> set[str]:
    return {key for key in AUGMENTATIONS if wizard.child(QCheckBox, f"training.augment.{key}").isChecked()}


def test_a_preset_fills_the_list_and_is_undone_in_one_step(network_page: OpenWizard) -> None:
    assert network_page.recipe.training.augment == DEMO
    assert _preset(network_page) == OWN_CHOICE
    _choose_preset(network_page, ULTRASOUND.title)
    assert network_page.recipe.training.augment == ULTRASOUND.augment
    assert _ticked(network_page) == set(ULTRASOUND.augment)
    assert ULTRASOUND.assumes in network_page.child(QLabel, "training.augment.assumes").text()
    network_page.child(QCheckBox, "training.augment.speckle").click()
    assert _preset(network_page) == OWN_CHOICE
    assert "speckle" not in network_page.recipe.training.augment
    network_page.child(QCheckBox, "training.augment.speckle").click()
    assert _preset(network_page) == ULTRASOUND.title
    for _ in range(3):
        network_page.wizard.undo_action.trigger()
    assert network_page.recipe.training.augment == DEMO
    assert _ticked(network_page) == set(DEMO)


def test_no_box_moves_under_the_mouse(network_page: OpenWizard) -> None:
    """By what is ticked, the assumption of a preset goes, an order comes, and an error with its repair."""
    _choose_preset(network_page, ULTRASOUND.title)
    boxes = {key: network_page.child(QCheckBox, f"training.augment.{key}") for key in AUGMENTATIONS}

    def places() -> dict[str, tuple[int, int]]:
        QApplication.processEvents()
        page = network_page.wizard.current_page
        return {key: box.mapTo(page, box.rect().topLeft()).toTuple() for key, box in boxes.items()}

    before = places()
    for key in ("rotate", "randaugment", "trivialaugment"):
        boxes[key].click()
        assert places() == before
    network_page.wait_for_message("augmented.message")
    assert places() == before


def test_histology_of_grey_images_comes_without_stains(network_page: OpenWizard) -> None:
    _choose_preset(network_page, HISTOLOGY.title)
    assert network_page.recipe.training.augment == ("hflip", "vflip", "quarter_turns")
    assert _preset(network_page) == HISTOLOGY.title
    network_page.child(QCheckBox, "training.augment.stain_jitter").click()
    assert "needs images in colour" in network_page.wait_for_message("augmented.message")
    network_page.qtbot.waitUntil(lambda: "needs images in colour" in _note(network_page), timeout=SCAN_MS)
    assert not network_page.can_go_on
    network_page.child(QCheckBox, "training.augment.stain_jitter").click()
    _wait_for_pictures(network_page)
    assert network_page.can_go_on


def test_two_policies_keep_the_page_shut(network_page: OpenWizard) -> None:
    for key in ("randaugment", "trivialaugment"):
        network_page.child(QCheckBox, f"training.augment.{key}").click()
    assert "Keep one of them" in network_page.wait_for_message("augmented.message")
    assert not network_page.can_go_on
    network_page.child(QPushButton, "augmented.repair").click()
    assert _ticked(network_page) & {"randaugment", "trivialaugment"} == {"randaugment"}
    assert network_page.can_go_on
    assert not network_page.child(QPushButton, "augmented.repair").isVisible()


def test_an_order_of_the_users_own_stays(network_page: OpenWizard) -> None:
    recipe = network_page.recipe.model_copy(update={"training": TrainingSettings(augment=("noise", "mixup", "hflip"))})
    network_page.wizard._draft.replace(recipe)
    network_page.child(QCheckBox, "training.augment.cutout").click()
    assert network_page.recipe.training.augment == ("noise", "cutout", "mixup", "hflip")
    order = network_page.child(QLabel, "training.augment.order").text()
    assert order == "Applied in this order: Noise, Cutout, Mixup, Flip left–right."
    network_page.child(QCheckBox, "training.augment.noise").click()
    assert network_page.recipe.training.augment == ("cutout", "mixup", "hflip")


def test_the_pictures_follow_what_is_ticked_and_are_drawn_again(network_page: OpenWizard) -> None:
    before, after = _pixels(network_page, "before"), _pixels(network_page, "after")
    assert not np.array_equal(before, after)
    network_page.click("augmented.again")
    network_page.qtbot.waitUntil(lambda: not np.array_equal(_pixels(network_page, "after"), after), timeout=SCAN_MS)
    assert np.array_equal(_pixels(network_page, "before"), before)
    _choose_preset(network_page, "No augmentation")
    network_page.qtbot.waitUntil(lambda: np.array_equal(_pixels(network_page, "after"), before), timeout=SCAN_MS)
    network_page.child(QCheckBox, "training.augment.cutmix").click()
    mixed = [network_page.child(QLabel, f"augmented.mixed{number}") for number in range(SHOWN_SAMPLES)]
    network_page.qtbot.waitUntil(lambda: all(label.text() for label in mixed), timeout=SCAN_MS)
    said = [label.toolTip().split(", ") for label in mixed]
    shares = [sum(int(part.split(" %")[0]) for part in parts) for parts in said if len(parts) == 2]
    assert shares
    assert set(shares) == {100}
    assert {part for parts in said if len(parts) == 1 for part in parts} <= {"normal", "sick"}


def test_the_pictures_are_computed_beside_the_event_loop(
    network_page: OpenWizard, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[int] = []
    noise = AUGMENTATIONS["noise"].apply  # type: ignore[attr-defined]

    def watched(self: object, *given: object) -> object:
        computed.append(threading.get_ident())
        return noise(self, *given)

    monkeypatch.setattr(AUGMENTATIONS["noise"], "apply", watched)
    network_page.child(QCheckBox, "training.augment.noise").click()
    network_page.qtbot.waitUntil(lambda: len(computed) > 0, timeout=SCAN_MS)
    assert threading.get_ident() not in computed


def test_boxes_and_presets_can_be_reached_and_read(network_page: OpenWizard) -> None:
    for key in AUGMENTATIONS:
        box = network_page.child(QAbstractButton, f"training.augment.{key}")
        assert box.accessibleName() == AUGMENTATIONS[key].title
        assert AUGMENTATIONS[key].assumes in box.toolTip()
        assert "_" not in box.text()


def test_each_preset_is_a_recipe_that_can_run_and_says_what_it_assumes() -> None:
    from engine.chain.preflight import errors, preflight

    titles = [preset.title for preset in augmentation_presets()]
    assert len({*titles}) == len(titles) >= 6
    for preset in augmentation_presets():
        for color in ("rgb", "grayscale"):
            names = preset.names(color == "rgb")
            recipe = Recipe(images=ImageSettings(size=32, color=color), training=TrainingSettings(augment=names))
            assert errors(preflight(recipe, 2)) == ()
    upright = [preset for preset in augmentation_presets() if "no flips" in preset.title]
    assert len(upright) == 2
    assert not any({"hflip", "vflip", "quarter_turns"} & set(preset.augment) for preset in upright)
    assert "vflip" not in ULTRASOUND.augment


def test_twelve_bits_are_shown_with_their_change_of_brightness() -> None:
    image = np.linspace(0, 3000, 64 * 64).reshape(64, 64).astype(np.uint16)
    settings = ImageSettings(size=64, color="grayscale", dwt=None)
    samples = [DecodedSample(image, 0)] * 4
    shown = preview_augmentation(("brightness_contrast",), settings, samples, ("a",), 4, 0, UNWATCHED)
    for one in shown:
        assert one.before.dtype == one.after.dtype == np.uint8
        assert one.before.max() == 255
    assert len({int(one.after.mean()) for one in shown}) > 1
    assert all(one.mixed == () for one in shown)


def test_images_are_mixed_within_a_batch_only() -> None:
    images = np.random.default_rng(1).integers(0, 255, (8, 16, 16), dtype=np.uint8)
    settings = ImageSettings(size=16, color="grayscale", dwt=None)
    samples = [DecodedSample(image, 0) for image in images]
    alone = preview_augmentation(("mixup",), settings, samples, ("a",), 1, 0, UNWATCHED)
    assert all(np.array_equal(one.before, one.after) for one in alone)
    together = preview_augmentation(("mixup",), settings, samples, ("a",), 8, 0, UNWATCHED)
    assert not all(np.array_equal(one.before, one.after) for one in together)
