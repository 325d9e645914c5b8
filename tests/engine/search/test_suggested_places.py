"""What may vary goes by the titles of the forms, also where only the recipe says that it varies."""

from __future__ import annotations

import pytest

import engine.steps  # noqa: F401
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.search_settings import SearchSettings
from engine.search.suggested_places import suggested_places
from engine.workbench.step import STEPS

INT4 = {"step": "post_training_quantization", "scheme": "int4"}


def titles(recipe: Recipe, *places: str) -> list[str]:
    vary = {place: ["a", "b"] for place in places}
    searched = recipe.model_copy(update={"search": SearchSettings.model_validate({"vary": vary})})
    found = {one.place: one.title for one in suggested_places(searched)}
    return [found[place] for place in places]


def test_a_chain_without_suggestions_has_titles_too() -> None:
    study = Recipe(chains=(ChainSettings(name="Q4", steps=(INT4,)),))
    assert titles(study, "chains.Q4.0.scheme", "chains.Q4.0", "chains.Q4", "training.epochs", "images.levels") == [
        "Q4: Scheme of int4",
        "Q4: step 1 as a whole",
        "Q4: order of the steps",
        "Training: Epochs",
        "images.levels",
    ]
    assert titles(study, "chains.Z.0.scheme", "chains.Q4.7.scheme", "chains.Q4.0.sceme") == [
        "chains.Z.0.scheme",
        "chains.Q4.7.scheme",
        "chains.Q4.0.sceme",
    ], "the search refuses these by their keys"


@pytest.mark.parametrize("key", list(STEPS))
def test_every_parameter_of_every_step_has_a_title(key: str) -> None:
    parameters = STEPS[key].Parameters()
    study = Recipe(chains=(ChainSettings(name="one", steps=(parameters,)),))
    names = [name for name in type(parameters).model_fields if name != "step"]
    for title in titles(study, *(f"chains.one.0.{name}" for name in names)):
        assert title.startswith("one: ")
        assert title.endswith(f" of {parameters.label()}")
