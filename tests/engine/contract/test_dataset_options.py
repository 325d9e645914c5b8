"""The settings that one source alone has: declared beside it, flat in the recipe, and refused in sentences."""

from __future__ import annotations

import tomllib

import pytest

from engine.chain.preflight import preflight
from engine.contract.dataset_options import DATASET_OPTIONS
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import RecipeError
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import parse_recipe, recipe_text

EARLIER = 'labels = "fine"\naxis = "stored"\nslices = [0.0, 1.0]'
"""What earlier versions wrote into the recipe of every source."""


def read(dataset: str) -> Recipe:
    return parse_recipe(f"schema = 1\n[dataset]\n{dataset}")


@pytest.mark.parametrize(
    ("dataset", "own"),
    [
        ('kind = "nifti_folder"\naxis = "axial"', {"axis": "axial", "slices": [0.0, 1.0]}),
        ('kind = "nifti_folder"\nslices = [0, 0.5]', {"axis": "stored", "slices": [0.0, 0.5]}),
        ('kind = "nifti_folder"', {"axis": "stored", "slices": [0.0, 1.0]}),
        ('kind = "cifar100"\nlabels = "coarse"', {"labels": "coarse"}),
        ('kind = "cifar100"\nlabels = "fine"', {"labels": "fine"}),
        ('kind = "phantom"', {}),
    ],
)
def test_they_stand_in_the_table_of_the_dataset(dataset: str, own: dict[str, object]) -> None:
    recipe = read(dataset)
    written = recipe_text(recipe)
    table = tomllib.loads(written)["dataset"]
    assert {key: value for key, value in table.items() if key in {"axis", "slices", "labels", "options"}} == own
    assert parse_recipe(written) == recipe
    assert DatasetSettings.model_validate_json(recipe.dataset.model_dump_json()) == recipe.dataset


def test_what_says_nothing_but_the_defaults_is_the_same_dataset() -> None:
    assert DatasetSettings(kind="cifar100", labels="fine") == DatasetSettings(kind="cifar100")
    assert DatasetSettings(kind="cifar100", labels="coarse") != DatasetSettings(kind="cifar100")


@pytest.mark.parametrize("kind", ["image_folder", "phantom", "cifar100", "nifti_folder"])
def test_recipes_of_earlier_versions_are_read(kind: str) -> None:
    assert read(f'kind = "{kind}"\n{EARLIER}') == read(f'kind = "{kind}"')


@pytest.mark.parametrize(
    ("dataset", "sentence"),
    [
        (
            'kind = "image_folder"\naxis = "axial"',
            'dataset.axis = "axial" cannot be used: it is a setting of the source nifti_',
        ),
        (
            'kind = "nifti_folder"\nlabels = "coarse"',
            "it is a setting of the source cifar100, and the source here is nifti_folder; take it out.",
        ),
        (
            'kind = "npz"\nslices = [0.2, 0.5]',
            "dataset.slices: it is a setting of the source nifti_folder, and the source here is npz",
        ),
        ('kind = "nifti_folder"\naxis = "up"', 'dataset.axis = "up" cannot be used: use "stored", "axial"'),
        ('kind = "nifti_folder"\naxxis = "up"', 'there is no key "axxis" in [dataset]; did you mean "axis"?'),
        ('kind = "nifti_folder"\nslices = [0.5, 0.2]', "dataset.slices: two numbers from 0 to 1 are needed"),
        ('kind = "nifti_folder"\noptions = { axis = "axial" }', 'there is no key "options" in [dataset]; known: kind'),
    ],
)
def test_what_is_wrong_with_them_is_said(dataset: str, sentence: str) -> None:
    with pytest.raises(RecipeError) as refused:
        read(dataset)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_all_that_is_wrong_in_the_table_is_said_at_once() -> None:
    with pytest.raises(RecipeError) as refused:
        read('kind = "nifti_folder"\naxis = "up"\naxxis = 1\ntest_fraction = 3')
    assert len(str(refused.value).splitlines()) == 3


def test_in_the_dataset_of_a_step_too() -> None:
    step = '[[chains]]\nname = "a"\nsteps = [{ step = "sparse_transfer", dataset = { kind = "npz", axis = "axial" } }]'
    with pytest.raises(RecipeError, match=r"chains\[0\]\.steps\[0\]\.dataset\.axis = \"axial\" cannot be used: it is"):
        read(f'kind = "phantom"\n{step}')


def test_a_source_that_is_not_there_is_told_first() -> None:
    (finding, *_) = preflight(read(f'kind = "image_foldr"\n{EARLIER}'))
    assert finding.where == "dataset.kind"


@pytest.mark.parametrize("key", DATASET_OPTIONS.keys())
def test_every_setting_has_a_title_a_range_and_a_meaning(key: str) -> None:
    described = DatasetSettings.model_json_schema()["properties"]
    assert DATASET_OPTIONS[key].names_classes <= set(DATASET_OPTIONS[key].model_fields)
    for name, schema in DATASET_OPTIONS[key].model_json_schema()["properties"].items():
        assert described[name] == schema | {"source": key}
        assert name not in DatasetSettings.model_fields
        assert schema["title"], name
        assert schema["description"].endswith("."), name
        assert {"minimum", "enum", "type"} & set(schema), name
