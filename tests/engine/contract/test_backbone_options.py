"""The options of a backbone: declared beside it, read from the recipe, and refused in sentences."""

from __future__ import annotations

import pytest

from engine.chain.stage_tree import plan
from engine.contract.backbone_options import BACKBONE_OPTIONS
from engine.contract.errors import RecipeError
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import parse_recipe, recipe_text


def read(backbone: str) -> Recipe:
    return parse_recipe(f"schema = 1\n[backbone]\n{backbone}")


def baseline_key(backbone: str) -> str:
    return plan(read(backbone), "images").stages[0].key


def test_they_survive_the_recipe_file_and_are_in_the_title() -> None:
    recipe = read('kind = "wide_resnet"\noptions = { depth = 16, widening = 4 }')
    assert parse_recipe(recipe_text(recipe)) == recipe
    assert plan(recipe, "images").stages[0].title == "Baseline wide_resnet 16-4 ×1"


def test_what_says_nothing_but_the_defaults_is_the_same_stage() -> None:
    plain = baseline_key('kind = "vgg16"')
    assert baseline_key('kind = "vgg16"\noptions = {}') == plain
    assert baseline_key('kind = "vgg16"\noptions = { variant = "published" }') == plain
    assert baseline_key('kind = "vgg16"\noptions = { variant = "batch_norm" }') != plain


@pytest.mark.parametrize(
    ("backbone", "sentence"),
    [
        ('kind = "vgg16"\noptions = { varient = "" }', '"varient" in [backbone.options]; did you mean "variant"'),
        ('kind = "vgg16"\noptions = { variant = "bn" }', "backbone.options.variant = \"bn\" cannot be used"),
        ('kind = "wide_resnet"\noptions = { depth = 20 }', "backbone.options.depth = 20 cannot be used"),
        ('kind = "resnet18"\noptions = { depth = 20 }', "resnet18 has no options; vgg16 and wide_resnet have"),
        ('kind = "wide_resnet"\noptions = 16', "backbone.options"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_them_is_said(backbone: str, sentence: str) -> None:
    with pytest.raises(RecipeError) as refused:
        read(backbone)
    assert sentence in str(refused.value)


@pytest.mark.parametrize("key", BACKBONE_OPTIONS.keys())
def test_every_option_has_a_title_a_range_and_a_meaning(key: str) -> None:
    assert BACKBONE_OPTIONS[key]().label()
    for name, schema in BACKBONE_OPTIONS[key].model_json_schema()["properties"].items():
        assert schema["title"], name
        assert schema["description"].endswith("."), name
        assert {"minimum", "enum", "type"} & set(schema), name
