"""Undo and redo: one step a change, one for a number that is typed, and none that is lost."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from engine.contract.backbone_settings import BackboneSettings
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.training_settings import TrainingSettings
from ui.wizard import recipe_draft
from ui.wizard.recipe_draft import RecipeDraft


def _with_epochs(draft: RecipeDraft, epochs: int) -> None:
    draft.change(training=draft.recipe.training.model_copy(update={"epochs": epochs}))


def test_the_digits_of_one_number_are_undone_together() -> None:
    draft = RecipeDraft(Recipe())
    for epochs in (2, 25, 250):
        _with_epochs(draft, epochs)
    draft.undo()
    assert draft.recipe == Recipe()
    draft.redo()
    assert draft.recipe.training.epochs == 250


def test_a_number_that_is_changed_later_is_undone_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe_draft, "TYPING_PAUSE_S", 0.0)
    draft = RecipeDraft(Recipe())
    for epochs in (2, 3):
        _with_epochs(draft, epochs)
    draft.undo()
    assert draft.recipe.training.epochs == 2


def test_changes_of_two_values_are_undone_one_after_the_other() -> None:
    draft = RecipeDraft(Recipe())
    _with_epochs(draft, 2)
    draft.change(backbone=BackboneSettings(width=0.5))
    draft.change(chains=(ChainSettings(name="a"),))
    draft.change(chains=(ChainSettings(name="a"), ChainSettings(name="b")))
    seen = []
    for _ in range(5):
        seen.append((draft.recipe.training.epochs, draft.recipe.backbone.width, len(draft.recipe.chains)))
        draft.undo()
    assert seen == [(2, 0.5, 2), (2, 0.5, 1), (2, 0.5, 0), (2, 1.0, 0), (None, 1.0, 0)]
    for _ in range(9):
        draft.redo()
    assert len(draft.recipe.chains) == 2


def test_a_new_change_ends_what_could_be_redone() -> None:
    draft = RecipeDraft(Recipe())
    _with_epochs(draft, 2)
    draft.undo()
    draft.change(name="other")
    draft.redo()
    assert (draft.recipe.name, draft.recipe.training) == ("other", TrainingSettings())


def test_what_is_no_recipe_changes_nothing() -> None:
    draft = RecipeDraft(Recipe(chains=(ChainSettings(name="a"),)))
    changes: list[bool] = []
    draft.changed.connect(lambda: changes.append(True))
    with pytest.raises(ValidationError, match="two chains are called"):
        draft.change(chains=(ChainSettings(name="a"), ChainSettings(name="A")))
    draft.change(chains=draft.recipe.chains)
    assert draft.recipe.chains == (ChainSettings(name="a"),)
    assert changes == []
