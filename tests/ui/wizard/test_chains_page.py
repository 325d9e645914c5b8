"""Page 4: chains and steps added, ordered, set and removed; findings as they come."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QListWidget, QPushButton, QSpinBox

from engine.workbench.step import STEPS
from tests.ui.wizard.conftest import OpenWizard
from ui.wizard.chains.steps_editor import StepsEditor

PRUNING, CLUSTERING, QUANTISATION = "magnitude_pruning", "weight_clustering", "post_training_quantization"


@pytest.fixture
def chains_page(open_wizard: OpenWizard) -> OpenWizard:
    """The fourth page with one chain without steps."""
    open_wizard.next(3)
    for _ in range(len(open_wizard.recipe.chains)):
        open_wizard.click("chains.remove")
    open_wizard.click("chains.add")
    return open_wizard


def _editor(wizard: OpenWizard) -> StepsEditor:
    editor = wizard.wizard.findChild(StepsEditor)
    assert editor is not None
    return editor


def _keys(wizard: OpenWizard, chain: int = 0) -> list[str]:
    return [step.step for step in wizard.recipe.chains[chain].steps]


def _findings(wizard: OpenWizard) -> list[str]:
    findings = wizard.child(QListWidget, "chains.findings")
    return [findings.item(row).text() for row in range(findings.count())]


def test_an_order_that_cannot_work_is_said_and_mended(chains_page: OpenWizard) -> None:
    _editor(chains_page).add_step(QUANTISATION)
    _editor(chains_page).add_step(PRUNING)
    assert "move dynamic range to the end" in _findings(chains_page)[0]
    assert not chains_page.can_go_on
    chains_page.click("steps.up")
    assert _keys(chains_page) == [PRUNING, QUANTISATION]
    assert _findings(chains_page) == ["✓  These chains can run."]
    assert chains_page.can_go_on


def test_a_finding_is_mended_by_its_button_and_taken_back(chains_page: OpenWizard) -> None:
    for key in (CLUSTERING, PRUNING, QUANTISATION):
        _editor(chains_page).add_step(key)
    button = chains_page.child(QPushButton, "chains.findings.repair1")
    assert button.text() == "Put pruning 80 % before 32 clusters"
    chains_page.click("chains.findings.repair1")
    chains_page.qtbot.waitUntil(lambda: _keys(chains_page) == [PRUNING, CLUSTERING, QUANTISATION])
    assert _findings(chains_page) == ["✓  These chains can run."]
    assert chains_page.can_go_on
    chains_page.qtbot.keyClick(chains_page.wizard, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert _keys(chains_page) == [CLUSTERING, PRUNING, QUANTISATION]
    assert not chains_page.can_go_on


def test_findings_that_one_edit_mends_have_one_button(chains_page: OpenWizard) -> None:
    for key in (QUANTISATION, PRUNING, CLUSTERING):
        _editor(chains_page).add_step(key)
    buttons = chains_page.child(QListWidget, "chains.findings").findChildren(QPushButton)
    assert [button.text() for button in buttons] == ["Put dynamic range at the end"]
    buttons[0].setFocus()
    chains_page.qtbot.keyClick(buttons[0], Qt.Key.Key_Space)
    chains_page.qtbot.waitUntil(lambda: _keys(chains_page) == [PRUNING, CLUSTERING, QUANTISATION])


def test_steps_are_moved_by_dragging_and_by_keys(chains_page: OpenWizard) -> None:
    for key in (QUANTISATION, PRUNING):
        _editor(chains_page).add_step(key)
    steps = chains_page.child(QListWidget, "steps.list")
    # What a drop does; Qt's own loop of a drag cannot be driven from a test.
    assert steps.model().moveRow(QModelIndex(), 1, QModelIndex(), 0)
    chains_page.qtbot.waitUntil(lambda: _keys(chains_page) == [PRUNING, QUANTISATION])
    steps.setFocus()
    steps.setCurrentRow(0)
    chains_page.qtbot.keyClick(steps, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert _keys(chains_page) == [QUANTISATION, PRUNING]
    chains_page.qtbot.keyClick(steps, Qt.Key.Key_Delete)
    assert _keys(chains_page) == [QUANTISATION]


@pytest.mark.parametrize("key", STEPS.keys())
def test_every_step_has_a_form_of_its_declared_parameters(chains_page: OpenWizard, key: str) -> None:
    editor = _editor(chains_page)
    editor.add_step(key)
    for name in STEPS[key].Parameters.model_fields:
        if name != "step":
            widget = editor.findChild(object, f"step.{key}.{name}")  # type: ignore[type-var]
            assert widget is not None, name
            assert widget.accessibleName()
            assert widget.toolTip(), f"{name} has no description"


def test_settings_show_what_has_a_meaning_and_reach_the_recipe(chains_page: OpenWizard) -> None:
    _editor(chains_page).add_step(PRUNING)
    rounds = chains_page.child(QSpinBox, f"step.{PRUNING}.rounds")
    assert not rounds.isVisible()
    chains_page.choose(f"step.{PRUNING}.schedule", "iterative")
    chains_page.qtbot.waitUntil(rounds.isVisible)
    rounds.setValue(5)
    chains_page.write(f"step.{PRUNING}.sparsity", "0.975")
    (step,) = chains_page.recipe.chains[0].steps
    assert (step.schedule, step.rounds, step.sparsity) == ("iterative", 5, 0.975)  # type: ignore[attr-defined]
    assert chains_page.child(QListWidget, "steps.list").item(0).text() == "1. pruning 97.5 %"
    assert chains_page.child(QLineEdit, f"step.{PRUNING}.sparsity").hasFocus(), "typing continues in the same form"


def test_a_refused_setting_keeps_the_page_shut(chains_page: OpenWizard) -> None:
    _editor(chains_page).add_step(PRUNING)
    chains_page.write(f"step.{PRUNING}.sparsity", "1.5")
    assert chains_page.wait_for_message("steps.message") == "Sparsity: it has to be below 1."
    assert not chains_page.can_go_on
    assert chains_page.recipe.chains[0].steps[0].sparsity == 0.8  # type: ignore[attr-defined]
    told = "What you typed was not kept. Sparsity: it has to be below 1."
    chains_page.click("chains.add")
    assert chains_page.wait_for_message("chains.message") == told
    assert chains_page.can_go_on, "the refused text is gone with its form"
    chains_page.click("chains.add")
    _editor(chains_page).add_step(PRUNING)
    chains_page.write(f"step.{PRUNING}.sparsity", "1.5")
    chains_page.wait_for_message("steps.message")
    chains_page.child(QListWidget, "chains.list").setCurrentRow(0)
    assert chains_page.wait_for_message("chains.message") == told


def test_chains_are_duplicated_renamed_and_removed(chains_page: OpenWizard) -> None:
    _editor(chains_page).add_step(PRUNING)
    chains_page.click("chains.duplicate")
    assert [chain.name for chain in chains_page.recipe.chains] == ["pruning 80 %", "pruning 80 % 2"]
    assert _keys(chains_page, 1) == [PRUNING]
    chains = chains_page.child(QListWidget, "chains.list")
    chains.item(1).setText("PRN")
    chains_page.qtbot.waitUntil(lambda: chains_page.recipe.chains[1].name == "PRN")
    chains_page.click("chains.remove")
    assert [chain.name for chain in chains_page.recipe.chains] == ["pruning 80 %"]


def test_a_chain_is_named_from_its_steps_until_somebody_names_it(chains_page: OpenWizard) -> None:
    chains = chains_page.child(QListWidget, "chains.list")
    _editor(chains_page).add_step(PRUNING)
    _editor(chains_page).add_step("post_training_quantization")
    assert chains.item(0).text() == chains_page.recipe.chains[0].name == "pruning 80 % + dynamic range"
    chains.item(0).setText("PRN then PTQ")
    chains_page.qtbot.waitUntil(lambda: chains_page.recipe.chains[0].name == "PRN then PTQ")
    chains_page.click("steps.remove")
    assert chains_page.recipe.chains[0].name == "PRN then PTQ"


@pytest.mark.parametrize(
    ("name", "sentence"), [("CHAIN", "already"), ("baseline", "trained network"), (" ", "at least")]
)
def test_a_name_that_cannot_be_is_refused(chains_page: OpenWizard, name: str, sentence: str) -> None:
    chains_page.click("chains.add")
    chains = chains_page.child(QListWidget, "chains.list")
    chains.item(1).setText(name)
    assert sentence in chains_page.wait_for_message("chains.message")
    assert [chains.item(row).text() for row in range(2)] == ["chain", "chain 2"]
    assert [chain.name for chain in chains_page.recipe.chains] == ["chain", "chain 2"]


def test_without_chains_the_baseline_alone_is_made(chains_page: OpenWizard) -> None:
    chains_page.click("chains.remove")
    assert chains_page.recipe.chains == ()
    assert "only the float32 network" in _findings(chains_page)[0]
    assert chains_page.can_go_on
    assert not chains_page.child(QLabel, "steps.message").isVisible()


def test_a_finding_leads_to_its_place(chains_page: OpenWizard) -> None:
    for key in (QUANTISATION, PRUNING):
        _editor(chains_page).add_step(key)
    chains_page.click("chains.add")
    assert chains_page.child(QListWidget, "chains.list").currentRow() == 1
    findings = chains_page.child(QListWidget, "chains.findings")
    assert findings.item(0).text().startswith(f"✕  {chains_page.recipe.chains[0].name}: ")
    findings.itemClicked.emit(findings.item(0))
    assert chains_page.child(QListWidget, "chains.list").currentRow() == 0
    assert chains_page.child(QListWidget, "steps.list").currentRow() == 1
