"""Numbers that may be left to the program, and presets of a whole training, by hand."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QSpinBox

from engine.contract.training_settings import TrainingSettings
from tests.ui.wizard.conftest import OpenWizard
from tests.ui.wizard.test_refused_values import press, type_into, undo
from tests.ui.wizard.test_typing import in_a_window
from ui.wizard.network.training_presets import OWN, training_presets

__all__ = ["in_a_window"]


@pytest.fixture
def network_page(in_a_window: OpenWizard) -> OpenWizard:
    recipe = in_a_window.recipe.model_copy(update={"training": TrainingSettings()})
    in_a_window.wizard.set_recipe(recipe)
    in_a_window.next(2)
    return in_a_window


def shown(wizard: OpenWizard, name: str) -> str:
    spin = wizard.wizard.findChild(QSpinBox, name)
    return spin.text() if spin is not None else wizard.child(QLineEdit, name).text()


def test_a_new_study_leaves_them_to_the_program(network_page: OpenWizard) -> None:
    assert shown(network_page, "training.epochs") == "automatic"
    assert shown(network_page, "training.learning_rate") == "automatic"
    assert network_page.child(QSpinBox, "training.epochs").isVisible()
    assert network_page.child(QLineEdit, "training.budget_minutes").isVisible()


@pytest.mark.parametrize(("name", "text", "value"), [("epochs", "12", 12), ("learning_rate", "2e-3", 2e-3)])
def test_a_number_is_typed_over_automatic(network_page: OpenWizard, name: str, text: str, value: float) -> None:
    type_into(network_page, f"training.{name}", text)
    assert getattr(network_page.recipe.training, name) == value
    undo()
    assert getattr(network_page.recipe.training, name) is None
    assert shown(network_page, f"training.{name}") == "automatic"


@pytest.mark.parametrize("name", ["epochs", "learning_rate"])
@pytest.mark.parametrize("typed", ["auto", "automatic", "a"])
def test_automatic_is_typed_over_a_number(network_page: OpenWizard, name: str, typed: str) -> None:
    type_into(network_page, f"training.{name}", "3")
    assert getattr(network_page.recipe.training, name) == 3
    type_into(network_page, f"training.{name}", typed)
    assert getattr(network_page.recipe.training, name) is None
    assert shown(network_page, f"training.{name}") == "automatic"


@pytest.mark.parametrize("name", ["epochs", "learning_rate"])
def test_an_emptied_field_is_automatic(network_page: OpenWizard, name: str) -> None:
    type_into(network_page, f"training.{name}", "3")
    field = network_page.wizard.findChild(QLineEdit, f"training.{name}")
    field = field or network_page.child(QSpinBox, f"training.{name}")
    field.setFocus(Qt.FocusReason.MouseFocusReason)
    field.selectAll()
    press(Qt.Key.Key_Delete)
    press(Qt.Key.Key_Tab)
    assert getattr(network_page.recipe.training, name) is None
    assert shown(network_page, f"training.{name}") == "automatic"


@pytest.mark.parametrize("typed", ["2.5", "-3", "1e2", "many"])
def test_what_is_no_whole_number_is_not_made_into_one(network_page: OpenWizard, typed: str) -> None:
    type_into(network_page, "training.epochs", "3")
    type_into(network_page, "training.epochs", typed)
    assert network_page.recipe.training.epochs == 3
    assert shown(network_page, "training.epochs") == "3"


def test_the_budget_is_asked_for_only_where_the_length_is_open(network_page: OpenWizard) -> None:
    type_into(network_page, "training.epochs", "3")
    assert not network_page.child(QLineEdit, "training.budget_minutes").isVisible()


def test_a_preset_is_chosen_and_taken_back(network_page: OpenWizard) -> None:
    choice = network_page.child(QComboBox, "training.preset")
    assert choice.currentText() == "Recommended"
    choice.setFocus()
    for _ in range(4):
        press(Qt.Key.Key_Down)
    paper = next(preset for preset in training_presets() if preset.title.startswith("Kharitonov"))
    assert choice.currentText() == paper.title
    assert network_page.recipe.training == paper.training
    assert shown(network_page, "training.learning_rate") == "1e-05"
    undo()
    assert choice.currentText() != paper.title


def test_a_changed_setting_is_the_users_own(network_page: OpenWizard) -> None:
    type_into(network_page, "training.epochs", "7")
    assert network_page.child(QComboBox, "training.preset").currentText() == OWN


def test_the_wheel_does_not_choose_a_preset_in_passing(network_page: OpenWizard) -> None:
    before = network_page.recipe
    choice = network_page.child(QComboBox, "training.preset")
    choice.clearFocus()
    QTest.mouseMove(choice)
    QApplication.processEvents()
    assert network_page.recipe == before
