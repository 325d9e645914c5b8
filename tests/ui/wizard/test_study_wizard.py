"""The wizard as a whole: recipes go in and come out unchanged, are remembered, undone and redone."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QLabel, QLineEdit, QSpinBox
from pytestqt.qtbot import QtBot

from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import DwtSettings, ImageSettings
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.training_settings import TrainingSettings
from engine.preferences.entries.theme_choice import ThemeChoice
from tests.ui.wizard.conftest import SCAN_MS, OpenWizard
from ui.theme import apply_theme
from ui.wizard.remembered_keys import LAST_RECIPE
from ui.wizard.study_wizard import PAGES, StudyWizard, first_recipe


def _unusual_recipe(folder: Path) -> Recipe:
    """No value is a default."""
    return Recipe(
        name="unusual",
        seed=99,
        dataset=DatasetSettings(
            kind="image_folder",
            path=str(folder),
            classes=("sick", "normal"),
            validation_fraction=0.2,
            test_fraction=0.25,
            limit_per_class=20,
        ),
        images=ImageSettings(
            size=(160, 192),
            color="grayscale",
            resample="nearest",
            scale="per_image_max",
            jpeg_quality=75,
            dwt=DwtSettings(wavelet="sym4", level=2, subbands=("HL", "HH")),
        ),
        backbone=BackboneSettings(kind="vgg16", width=0.0625, freeze_base=True, head="flatten", output="softmax"),
        training=TrainingSettings(
            epochs=3,
            batch_size=7,
            optimizer="rmsprop",
            learning_rate=1.234567e-4,
            head_learning_rate=3e-3,
            weight_decay=1e-5,
            schedule="step",
            augment=("vflip", "rotate"),
        ),
        chains=(
            ChainSettings(
                name="a",
                steps=({"step": "magnitude_pruning", "schedule": "iterative", "sparsity": 0.123456789, "rounds": 2},),
            ),
            ChainSettings(name="b", steps=({"step": "post_training_quantization", "scheme": "int16x8"},)),
        ),
    )


def test_a_recipe_goes_through_all_pages_unchanged(open_wizard: OpenWizard, heart_folder: Path) -> None:
    """Showing a value must not round, reorder or drop it."""
    recipe = _unusual_recipe(heart_folder)
    open_wizard.wizard.set_recipe(recipe)
    open_wizard.next(4)
    for _ in range(4):
        open_wizard.back()
    assert open_wizard.recipe == recipe


def test_an_edit_keeps_what_no_page_shows(open_wizard: OpenWizard, heart_folder: Path) -> None:
    recipe = _unusual_recipe(heart_folder)
    open_wizard.wizard.set_recipe(recipe)
    open_wizard.child(QSpinBox, "dataset.limit_per_class").setValue(21)
    assert open_wizard.recipe.dataset == recipe.dataset.model_copy(update={"limit_per_class": 21})


def test_the_last_recipe_is_there_at_the_next_start(
    qtbot: QtBot, settings: QSettings, tmp_path: Path, heart_folder: Path
) -> None:
    first = StudyWizard(settings, tmp_path)
    first.set_recipe(_unusual_recipe(heart_folder))
    first.shut_down()
    second = StudyWizard(settings, tmp_path)
    assert second.recipe() == _unusual_recipe(heart_folder)
    second.shut_down()


@pytest.mark.parametrize("text", ["not toml", 'schema = 1\n[dataset]\nkinds = "x"', "schema = 99"])
def test_a_remembered_recipe_that_is_no_longer_one_is_forgotten(
    qtbot: QtBot, settings: QSettings, tmp_path: Path, text: str
) -> None:
    settings.setValue(LAST_RECIPE, text)
    wizard = StudyWizard(settings, tmp_path)
    qtbot.addWidget(wizard)
    assert wizard.recipe() == first_recipe()
    wizard.shut_down()


def test_undo_and_redo_with_the_keyboard(open_wizard: OpenWizard) -> None:
    open_wizard.next(2)
    before = open_wizard.recipe
    open_wizard.choose("backbone.kind", "vgg16")
    open_wizard.choose("training.schedule", "step")
    after = open_wizard.recipe
    open_wizard.wizard.current_page.setFocus()
    control = Qt.KeyboardModifier.ControlModifier
    for _ in range(2):
        open_wizard.qtbot.keyClick(open_wizard.wizard, Qt.Key.Key_Z, control)
    assert open_wizard.recipe == before
    assert open_wizard.child(QComboBox, "backbone.kind").currentData() == "resnet18"
    for _ in range(2):
        open_wizard.qtbot.keyClick(open_wizard.wizard, Qt.Key.Key_Z, control | Qt.KeyboardModifier.ShiftModifier)
    assert open_wizard.recipe == after


def test_an_undo_that_brings_other_images_back_looks_at_them(open_wizard: OpenWizard, heart_folder: Path) -> None:
    """Far from the first page, and Run waits for it."""
    open_wizard.open_folder(heart_folder)
    open_wizard.next(4)
    open_wizard.wizard._draft.replace(first_recipe())
    assert not open_wizard.can_go_on
    assert "not listed yet" in open_wizard.child(QLabel, "wizard.waits").text()
    open_wizard.qtbot.waitUntil(lambda: open_wizard.can_go_on, timeout=SCAN_MS)


def test_every_input_has_a_name_to_be_found_and_read_by(open_wizard: OpenWizard) -> None:
    open_wizard.next(4)
    inputs = [
        widget
        for kind in (QLineEdit, QComboBox, QAbstractSpinBox)
        for widget in open_wizard.wizard.findChildren(kind)
        if not isinstance(widget.parent(), QAbstractSpinBox | QComboBox)
    ]
    assert len(inputs) > 25
    assert [widget for widget in inputs if not widget.objectName() or not widget.accessibleName()] == []


@pytest.mark.parametrize("theme", [ThemeChoice.LIGHT, ThemeChoice.DARK])
def test_nothing_is_cut_off_at_the_smallest_size(open_wizard: OpenWizard, theme: ThemeChoice, qapp: object) -> None:
    """Every page fits the window's smallest wizard, and every short label has the room that it asks for."""
    apply_theme(qapp, theme)  # type: ignore[arg-type]
    for page in range(PAGES):
        open_wizard.wizard.go_to(page)
        open_wizard.qtbot.wait(50)
        assert open_wizard.wizard.size().toTuple() == (1000, 680), f"page {page + 1} needs more room"
        labels = [label for label in open_wizard.wizard.current_page.findChildren(QLabel) if label.isVisible()]
        cut = [
            label.text()
            for label in labels
            if label.text() and not label.wordWrap() and label.width() < label.sizeHint().width()
        ]
        assert cut == []
