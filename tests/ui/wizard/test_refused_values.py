"""What is typed and cannot be taken: it keeps nothing else from the study, undo takes it back, and where it goes it is
told."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QSpinBox,
    QTabBar,
    QToolTip,
)

from engine.contract.recipe import ChainSettings
from tests.ui.wizard.conftest import SCAN_MS, OpenWizard
from tests.ui.wizard.test_typing import in_a_window, type_by_hand
from ui.wizard.study_wizard import first_recipe

__all__ = ["in_a_window"]
PRUNING = {"step": "magnitude_pruning"}
CLUSTERING = {"step": "weight_clustering"}
TOO_MUCH = "What you typed was not kept. Sparsity: it has to be below 1."


def press(key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    focus = QApplication.focusWidget()
    assert focus is not None
    QTest.keyClick(focus, key, modifier)


def undo() -> None:
    press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)


def type_into(wizard: OpenWizard, name: str, text: str) -> None:
    """Click a field, replace what it holds, and leave it with Tab."""
    field = wizard.wizard.findChild(QLineEdit, name) or wizard.child(QSpinBox, name)
    field.setFocus(Qt.FocusReason.MouseFocusReason)
    field.selectAll()
    type_by_hand(text, field)
    press(Qt.Key.Key_Tab)


@pytest.fixture
def two_steps(in_a_window: OpenWizard) -> OpenWizard:
    """The page of chains, with two steps of one kind and one of another, the first chosen."""
    chains = (
        ChainSettings(name="a", steps=(PRUNING | {"sparsity": 0.5}, PRUNING, CLUSTERING)),
        ChainSettings(name="b", steps=(PRUNING | {"sparsity": 0.5}, CLUSTERING)),
    )
    in_a_window.wizard.set_recipe(first_recipe().model_copy(update={"chains": chains}))
    in_a_window.next(3)
    return in_a_window


def sparsities(wizard: OpenWizard) -> list[float]:
    return [getattr(step, "sparsity", 0.0) for step in wizard.recipe.chains[0].steps]


def test_an_unknown_wavelet_and_what_came_after_it_are_undone(in_a_window: OpenWizard) -> None:
    in_a_window.next()
    before = in_a_window.recipe
    combo = in_a_window.child(QComboBox, "images.dwt.wavelet")
    combo.setFocus(Qt.FocusReason.MouseFocusReason)
    combo.lineEdit().selectAll()
    type_by_hand("bar", combo)
    press(Qt.Key.Key_Tab)
    assert 'no wavelet "bar"' in in_a_window.wait_for_message("images.message")
    type_into(in_a_window, "images.dwt.level", "3")
    assert in_a_window.recipe.images.first.dwt.level == 3  # type: ignore[union-attr]
    undo()
    assert in_a_window.child(QSpinBox, "images.dwt.level").value() == 1
    undo()
    assert combo.currentText() == "haar"
    assert in_a_window.recipe == before
    in_a_window.qtbot.waitUntil(lambda: in_a_window.can_go_on, timeout=SCAN_MS)


def test_a_level_counts_while_no_subband_is_ticked(in_a_window: OpenWizard) -> None:
    in_a_window.next()
    in_a_window.child(QCheckBox, "images.dwt.LL").click()
    type_into(in_a_window, "images.dwt.level", "2")
    assert in_a_window.recipe.images.first.dwt.level == 2  # type: ignore[union-attr]
    assert not in_a_window.child(QCheckBox, "images.dwt.LL").isChecked()
    assert "Tick at least one" in in_a_window.child(QLabel, "images.message").text()
    undo()
    assert in_a_window.child(QCheckBox, "images.dwt.LL").isChecked()
    undo()
    assert in_a_window.recipe.images.first.dwt.level == 1  # type: ignore[union-attr]


def test_a_size_that_is_there_already_keeps_nothing_else_from_the_study(in_a_window: OpenWizard) -> None:
    in_a_window.next()
    in_a_window.click("images.size.add")
    for name in ("images.height", "images.width"):
        type_into(in_a_window, name, "128")
    type_into(in_a_window, "images.jpeg_quality", "60")
    assert in_a_window.recipe.images.jpeg_qualities == (60,)
    assert in_a_window.child(QSpinBox, "images.width").value() == 128
    assert "contains a value twice" in in_a_window.child(QLabel, "images.message").text()
    undo()
    assert in_a_window.child(QSpinBox, "images.width").value() == 100
    assert in_a_window.recipe.images.jpeg_qualities == (60,)


def test_another_compared_value_says_what_it_drops(in_a_window: OpenWizard) -> None:
    in_a_window.next()
    in_a_window.click("images.dwt.add")
    bar = in_a_window.child(QTabBar, "images.dwt.tabs")
    bar.setCurrentIndex(0)
    type_into(in_a_window, "images.dwt.threshold", "many")
    bar.setCurrentIndex(1)
    assert in_a_window.child(QLabel, "images.message").text().startswith("What you typed was not kept. Threshold")
    bar.setCurrentIndex(0)
    assert in_a_window.child(QLineEdit, "images.dwt.threshold").text() == "0 = off"


def test_values_beside_a_refused_one_are_taken_and_undone_one_by_one(in_a_window: OpenWizard) -> None:
    in_a_window.next(2)
    before = in_a_window.recipe
    type_into(in_a_window, "training.learning_rate", "fast")
    type_into(in_a_window, "training.epochs", "5")
    type_into(in_a_window, "training.batch_size", "16")
    training = in_a_window.recipe.training
    assert (training.epochs, training.batch_size) == (5, 16)
    assert not in_a_window.can_go_on
    undo()
    assert in_a_window.child(QLineEdit, "training.learning_rate").text() == "automatic"
    assert in_a_window.recipe.training == training, "the refused text first"
    undo()
    assert (in_a_window.recipe.training.epochs, in_a_window.recipe.training.batch_size) == (5, 32)
    undo()
    assert in_a_window.recipe == before


def test_a_refused_value_of_an_untouched_study_is_taken_back(in_a_window: OpenWizard) -> None:
    type_into(in_a_window, "dataset.test_fraction", "1.5")
    assert in_a_window.wizard.undo_action.isEnabled()
    undo()
    assert in_a_window.child(QLineEdit, "dataset.test_fraction").text() == "0.15"
    assert not in_a_window.wizard.undo_action.isEnabled()


def test_an_emptied_name_is_taken_back_and_keeps_no_seed_from_the_study(in_a_window: OpenWizard) -> None:
    in_a_window.next(4)
    line = in_a_window.child(QLineEdit, "review.name")
    line.setFocus()
    line.selectAll()
    press(Qt.Key.Key_Delete)
    type_into(in_a_window, "review.seed", "5")
    assert in_a_window.recipe.seed == 5
    assert (line.text(), in_a_window.can_go_on) == ("", False)
    undo()
    assert line.text() == in_a_window.recipe.name == first_recipe().name
    assert in_a_window.recipe.seed == 5


def test_a_new_study_says_what_the_old_one_loses(in_a_window: OpenWizard) -> None:
    in_a_window.next(2)
    type_into(in_a_window, "training.learning_rate", "fast")
    type_into(in_a_window, "training.epochs", "5")
    in_a_window.wizard._keep()
    kept = in_a_window.wizard.draft
    in_a_window.wizard.new_study()
    told = in_a_window.wait_for_message("wizard.lost")
    assert told.startswith("What you typed was not kept. Learning rate: ")
    in_a_window.next()
    assert not in_a_window.child(QLabel, "wizard.lost").isVisible()
    in_a_window.wizard.open_draft(kept)
    assert in_a_window.recipe.training.epochs == 5
    assert not in_a_window.child(QLabel, "wizard.lost").isVisible(), "nothing was lost this time"


def test_another_source_says_what_its_own_settings_lose(in_a_window: OpenWizard) -> None:
    in_a_window.choose("dataset.kind", "nifti_folder")
    type_into(in_a_window, "dataset.slices", "half")
    assert in_a_window.recipe.dataset.kind == "nifti_folder"
    in_a_window.choose("dataset.kind", "phantom")
    told = "What you typed was not kept. Part of the volume: "
    assert in_a_window.wait_for_message("dataset.message").startswith(told)
    in_a_window.qtbot.waitUntil(lambda: in_a_window.can_go_on, timeout=SCAN_MS)
    assert in_a_window.child(QLabel, "dataset.message").text().startswith(told), "also once the images are listed"
    type_into(in_a_window, "dataset.test_fraction", "0.2")
    assert not in_a_window.child(QLabel, "dataset.message").isVisible()


def test_another_source_of_a_step_says_so_too(two_steps: OpenWizard) -> None:
    chain = ChainSettings(name="a", steps=({"step": "sparse_transfer"},))
    two_steps.wizard._draft.change(chains=(chain,))
    two_steps.choose("step.sparse_transfer.dataset.kind", "nifti_folder")
    type_into(two_steps, "step.sparse_transfer.dataset.slices", "half")
    two_steps.choose("step.sparse_transfer.dataset.kind", "phantom")
    told = "What you typed was not kept. Part of the volume: "
    assert two_steps.wait_for_message("chains.message").startswith(told)


def test_a_target_that_is_refused_keeps_nothing_else_from_the_study(in_a_window: OpenWizard) -> None:
    in_a_window.next(4)
    type_into(in_a_window, "target.sensitivity", "many")
    type_into(in_a_window, "review.seed", "5")
    assert (in_a_window.recipe.seed, in_a_window.can_go_on) == (5, False)
    undo()
    assert in_a_window.child(QLineEdit, "target.sensitivity").text() == "0 = best of both"
    assert in_a_window.recipe.seed == 5


def test_images_that_begin_a_new_study_say_so_too(in_a_window: OpenWizard, heart_folder: Path, tmp_path: Path) -> None:
    in_a_window.wizard.open_images("image_folder", tmp_path)
    type_into(in_a_window, "dataset.test_fraction", "1.5")
    in_a_window.wizard.open_images("image_folder", heart_folder)
    assert in_a_window.wait_for_message("wizard.lost").startswith("What you typed was not kept. Test share: ")
    assert in_a_window.recipe.dataset.path == str(heart_folder)


def test_a_step_that_moves_takes_its_refused_value_along(two_steps: OpenWizard) -> None:
    name = "step.magnitude_pruning.sparsity"
    type_into(two_steps, name, "2")
    steps = two_steps.child(QListWidget, "steps.list")
    two_steps.click("steps.down")
    assert (sparsities(two_steps)[:2], steps.currentRow()) == ([0.8, 0.5], 1)
    assert two_steps.child(QLineEdit, name).text() == "2"
    steps.setFocus()
    press(Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert (sparsities(two_steps), steps.currentRow()) == ([0.8, 0.0, 0.5], 2)
    assert two_steps.child(QLineEdit, name).text() == "2"
    assert not two_steps.can_go_on
    type_into(two_steps, name, "0.25")
    assert sparsities(two_steps) == [0.8, 0.0, 0.25]


def test_undo_of_a_move_keeps_the_step_chosen(two_steps: OpenWizard) -> None:
    steps = two_steps.child(QListWidget, "steps.list")
    two_steps.click("steps.down")
    undo()
    assert (sparsities(two_steps)[:2], steps.currentRow()) == ([0.5, 0.8], 0)


@pytest.mark.parametrize("button", ["steps.remove", "chains.remove"])
def test_a_step_that_goes_says_what_it_loses(two_steps: OpenWizard, button: str) -> None:
    type_into(two_steps, "step.magnitude_pruning.sparsity", "2")
    two_steps.click(button)
    assert two_steps.wait_for_message("chains.message") == TOO_MUCH
    assert two_steps.child(QLineEdit, "step.magnitude_pruning.sparsity").text() != "2"
    undo()
    assert not two_steps.child(QLabel, "chains.message").isVisible()
    assert len(two_steps.recipe.chains) == 2
    assert len(two_steps.recipe.chains[0].steps) == 3


def test_undo_takes_back_half_a_number_before_anything_else(in_a_window: OpenWizard) -> None:
    in_a_window.next()
    type_into(in_a_window, "images.dwt.level", "2")
    changed = in_a_window.recipe
    height = in_a_window.child(QSpinBox, "images.height")
    height.setFocus(Qt.FocusReason.MouseFocusReason)
    height.selectAll()
    type_by_hand("3", height)
    undo()
    assert (height.text(), in_a_window.recipe) == ("128 px", changed)
    undo()
    assert in_a_window.recipe.images.first.dwt.level == 1  # type: ignore[union-attr]


@pytest.mark.parametrize("key", [Qt.Key.Key_Tab, Qt.Key.Key_Return])
@pytest.mark.parametrize(
    ("page", "name", "typed", "range_"),
    [
        (1, "images.height", "3", "from 8 to 1,024 px"),
        (1, "images.dwt.level", "9", "from 1 to 4"),
        (4, "review.seed", "99999999999", "from 0 to 2,147,483,647"),
    ],
)
def test_a_number_out_of_its_range_is_told_and_the_one_before_is_back(
    in_a_window: OpenWizard, key: Qt.Key, page: int, name: str, typed: str, range_: str
) -> None:
    in_a_window.next(page)
    before = in_a_window.recipe
    spin = in_a_window.child(QSpinBox, name)
    text = spin.text()
    spin.setFocus(Qt.FocusReason.MouseFocusReason)
    spin.selectAll()
    type_by_hand(typed, spin)
    press(key)
    in_a_window.qtbot.waitUntil(lambda: QToolTip.text() == f"{typed} is not {range_}.")
    assert QToolTip.isVisible()
    assert spin.text() == text
    assert in_a_window.recipe == before


def test_the_valid_beginning_of_a_refused_text_is_not_taken(in_a_window: OpenWizard) -> None:
    in_a_window.next(2)
    before = in_a_window.recipe
    type_into(in_a_window, "training.learning_rate", "0.0005 or so")
    assert in_a_window.recipe == before
    field = in_a_window.child(QLineEdit, "training.learning_rate")
    assert field.text() == "0.0005 or so"
    field.setFocus()
    undo()
    assert field.text() == "automatic", "one undo brings the value before back"
    assert in_a_window.recipe == before
