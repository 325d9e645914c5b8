"""What a search says goes by the titles of the tables and the names of the steps."""

from __future__ import annotations

from engine.contract.objectives import HIGHER_IS_BETTER
from engine.contract.recipe import ChainSettings, Recipe
from engine.figures.search_words import objective_title, settings_text

PRUNING, CLUSTERING = {"step": "magnitude_pruning"}, {"step": "weight_clustering"}
STUDY = Recipe(chains=(ChainSettings(name="PCP", steps=(PRUNING, CLUSTERING, PRUNING)),))


def test_every_objective_has_a_title_of_its_own() -> None:
    titles = [objective_title(name) for name in HIGHER_IS_BETTER]
    assert len(set(titles)) == len(titles)
    assert not any("_" in title or "\n" in title for title in titles)
    assert (objective_title("zip_bytes"), objective_title("validation_accuracy")) == ("zipped", "validation accuracy")


def test_orders_are_told_by_steps_of_which_two_of_one_name_are_told_apart() -> None:
    settings = {"images.size": [48, 64], "chains.PCP": [2, 1, 0], "chains.gone": [1, 0]}
    assert settings_text(settings, STUDY) == (
        "images.size = [48, 64], chains.PCP = magnitude pruning (3) → weight clustering → magnitude pruning (1), "
        "chains.gone = [1, 0]"
    )
    assert "chains.PCP = [2, 1, 0]" in settings_text(settings)
