"""Seeds and folds of a recipe: which repetitions they make, and what is refused."""

from __future__ import annotations

import pytest

from engine.contract.errors import RecipeError
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import parse_recipe, recipe_text
from engine.contract.repeats import Fold, Repeat


def parsed(text: str) -> Recipe:
    return parse_recipe(f"schema = 1\n{text}")


def test_one_seed_is_one_repetition_without_a_name() -> None:
    assert parsed("seed = 3").repeats == (Repeat(3, 3, None, ""),)
    assert parsed("seeds = [3]").repeats == parsed("seed = 3").repeats


def test_each_seed_draws_its_own_split_unless_it_is_fixed() -> None:
    assert parsed("seeds = [1, 2]").repeats == (Repeat(1, 1, None, "seed 1"), Repeat(2, 2, None, "seed 2"))
    assert [one.data_seed for one in parsed("seeds = [1, 2]\nsplit_seed = 9").repeats] == [9, 9]


def test_every_seed_goes_through_every_fold() -> None:
    repeats = parsed("seeds = [1, 2]\nfolds = 2").repeats
    assert [one.name for one in repeats] == ["seed 1, fold 1", "seed 1, fold 2", "seed 2, fold 1", "seed 2, fold 2"]
    assert repeats[1].fold == Fold(2, 2)
    assert [one.name for one in parsed("folds = 3").repeats] == ["fold 1", "fold 2", "fold 3"]


def test_a_recipe_with_seeds_is_read_back_as_it_was_written() -> None:
    recipe = parsed("seeds = [1, 2]\nsplit_seed = 9\nfolds = 4")
    assert parse_recipe(recipe_text(recipe)) == recipe
    assert recipe_text(recipe).startswith('schema = 1\nname = "study"\n')


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seeds = [1, 1]", "seed 1 is named twice"),
        ("seeds = [-1]", "seeds[0]"),
        ("folds = 1", "one fold leaves no images to train on"),
        ("folds = 51", "folds"),
        ("split_seed = -1", "split_seed"),
        ("seeds = 3", "seeds"),
    ],
)
def test_what_makes_no_sense_is_refused(text: str, said: str) -> None:
    with pytest.raises(RecipeError) as refused:
        parsed(text)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
