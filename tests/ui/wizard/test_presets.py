"""Presets: each is a study that can run, and choosing one adds or replaces chains, with undo."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QListWidget

from engine.chain.branches import plan_branches
from engine.chain.preflight import preflight
from engine.chain.stage_tree import plan
from engine.contract.findings import Severity
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.recipe_file import parse_recipe, recipe_text
from tests.ui.wizard.conftest import OpenWizard
from ui.wizard.chains.presets import Preset, presets

EVERY_PRESET = pytest.mark.parametrize("preset", presets(), ids=lambda preset: f"{preset.title} ({preset.paper})")
PHANTOM = Recipe(dataset={"limit_per_class": 10})


@EVERY_PRESET
def test_it_loads_plans_and_passes_the_pre_flight_on_the_phantom(preset: Preset) -> None:
    recipe = preset.put_into(PHANTOM, replace=True)
    assert parse_recipe(recipe_text(recipe)) == recipe
    assert [found.message for found in preflight(recipe, 2) if found.severity is not Severity.NOTE] == []
    branches = plan_branches(recipe, lambda dataset, images, repeat: images.model_dump_json())
    ends = {chain for branch in branches for stage in branch.tree.stages for chain in stage.ends}
    assert {chain.name for chain in preset.chains} <= ends


@EVERY_PRESET
def test_it_says_what_it_does_what_it_costs_and_what_to_expect(preset: Preset) -> None:
    for sentence in (preset.does, preset.costs, preset.expect):
        assert sentence.endswith(".")
    trained = sum(stage.epochs for stage in plan(Recipe(chains=preset.chains), "").stages[1:])
    assert preset.epochs == trained
    assert preset.paper.split()[-1].isdecimal()


def test_its_chains_come_after_the_others_or_in_their_place() -> None:
    table = next(preset for preset in presets() if preset.title.startswith("All rows"))
    mine = Recipe(chains=(ChainSettings(name="float16 (F16)", steps=({"step": "weight_clustering"},)),))
    added = table.put_into(mine, replace=False)
    assert [chain.name for chain in added.chains] == [
        "float16 (F16)",
        "dynamic range (BLQ)",
        "int8 (FIQ)",
        "float16 (F16) 2",
        "quantisation-aware training (QAT)",
        "pruned (PRN)",
        "pruned + dynamic range (PRQ)",
    ]
    assert table.put_into(added, replace=False) == added, "what is there is not added again"
    assert [chain.name for chain in table.put_into(mine, replace=True).chains] == [one.name for one in table.chains]


def test_an_image_grid_sets_its_keys_and_leaves_the_others() -> None:
    grid = next(preset for preset in presets() if "four sizes" in preset.title)
    images = grid.put_into(Recipe(images={"color": "grayscale", "dwt": {}}), replace=False).images
    assert (len(images.sizes), images.color, len(images.transforms)) == (4, "grayscale", 1)


@pytest.fixture
def presets_dialog(open_wizard: OpenWizard) -> OpenWizard:
    """The presets over the fourth page of a new user."""
    open_wizard.next(3)
    open_wizard.click("chains.presets")
    return open_wizard


def _choose(wizard: OpenWizard, title: str) -> None:
    rows = wizard.child(QListWidget, "presets.list")
    (item,) = rows.findItems(title, Qt.MatchFlag.MatchStartsWith)
    rows.setCurrentItem(item)


def test_the_dialogue_tells_before_it_changes(presets_dialog: OpenWizard) -> None:
    before = presets_dialog.recipe
    _choose(presets_dialog, "Pruning, clustering and quantisation-aware training (PCQAT)")
    text = presets_dialog.child(QLabel, "presets.text").text()
    assert "pruning 80 % → 32 clusters → QAT → int8" in text
    assert "45 times" in text
    assert "8 epochs" in text
    assert presets_dialog.recipe == before


@pytest.mark.parametrize(("button", "kept"), [("presets.add", True), ("presets.replace", False)])
def test_it_adds_or_replaces_and_is_taken_back(presets_dialog: OpenWizard, button: str, kept: bool) -> None:
    before = presets_dialog.recipe
    names = [chain.name for chain in before.chains] if kept else []
    _choose(presets_dialog, "Distil to MobileNetV2")
    presets_dialog.click(button)
    assert [chain.name for chain in presets_dialog.recipe.chains] == [*names, "distilled"]
    chains = presets_dialog.child(QListWidget, "chains.list")
    assert chains.currentItem().text() == "distilled"
    presets_dialog.wizard.activateWindow()
    presets_dialog.qtbot.waitUntil(presets_dialog.wizard.isActiveWindow)
    presets_dialog.qtbot.keyClick(presets_dialog.wizard, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert presets_dialog.recipe == before


def test_what_is_there_already_is_said(presets_dialog: OpenWizard) -> None:
    _choose(presets_dialog, "Dynamic range")
    presets_dialog.click("presets.add")
    assert 'dynamic range as "dynamic range"' in presets_dialog.wait_for_message("chains.message")


def test_a_chain_that_is_there_under_another_name_is_named(presets_dialog: OpenWizard) -> None:
    _choose(presets_dialog, "All rows")
    presets_dialog.click("presets.add")
    told = presets_dialog.wait_for_message("chains.message")
    assert told.endswith(
        'dynamic range (BLQ) as "dynamic range", pruned + dynamic range (PRQ) as "pruning 80 % + dynamic range".'
    )
