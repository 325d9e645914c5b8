"""Lists in a recipe's images: what is one setting and what are several, and that neither can be taken for the other."""

from __future__ import annotations

import re

import pytest

from engine.contract.errors import RecipeError
from engine.contract.image_settings import DwtSettings, ImageGrid, ImageSettings
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import parse_recipe, recipe_text
from engine.contract.setting_name import setting_name, transform_name


def images(text: str) -> ImageGrid:
    return parse_recipe(f"schema = 1\n[images]\n{text}").images


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("size = 64", (64,)),
        ("size = [96, 64]", ((96, 64),)),
        ("size = [64, 64]", ((64, 64),)),
        ("size = [[96, 64]]", ((96, 64),)),
        ("size = [[224, 224], [64, 64]]", (224, 64)),
        ("size = [224, 150, 100, 64]", (224, 150, 100, 64)),
        ("size = [[96, 64], 64]", ((96, 64), 64)),
    ],
)
def test_two_numbers_are_height_and_width_and_all_other_lists_are_sizes(text: str, sizes: tuple[object, ...]) -> None:
    grid = images(text)
    assert grid.sizes == sizes
    assert [setting.size for setting in grid.settings] == list(sizes)
    assert isinstance(grid, ImageSettings) == (len(sizes) == 1)


@pytest.mark.parametrize(
    "text",
    [
        "size = [[64, 64], [32, 32]]", "size = [96, 64, 32]", "jpeg_quality = [0, 75]", "jpeg_quality = [75]",
        'dwt = ["off", { wavelet = "db2", level = 2 }]', "[[images.dwt]]\n[[images.dwt]]\nlevel = 2",
        'size = [[64, 48], 32]\njpeg_quality = [0, 50]\ndwt = ["off", {}]',
    ],
)  # fmt: skip
def test_what_is_written_is_read_again(text: str) -> None:
    recipe = parse_recipe(f"schema = 1\n[images]\n{text}")
    assert parse_recipe(recipe_text(recipe)) == recipe


def test_the_settings_are_all_combinations_with_the_rest_shared() -> None:
    grid = images('size = [64, 48, 32]\njpeg_quality = [0, 75]\ncolor = "grayscale"\ndwt = ["off", {}]')
    settings = grid.settings
    assert len(set(settings)) == len(settings) == 12
    assert {setting.color for setting in settings} == {"grayscale"}
    assert settings[0] == grid.first == ImageSettings(size=64, color="grayscale")
    assert settings[1].dwt == DwtSettings()
    assert settings[-1] == ImageSettings(size=32, color="grayscale", jpeg_quality=75, dwt=DwtSettings())
    again = ImageGrid.of(settings[3], grid.sizes, grid.jpeg_qualities, grid.transforms)
    assert again == grid


def test_each_branch_is_the_recipe_with_one_setting() -> None:
    recipe = Recipe(name="grid", images=images("jpeg_quality = [0, 75]"))
    plain, saved = recipe.branches()
    assert plain == Recipe(name="grid")
    assert saved == Recipe(name="grid", images=ImageSettings(jpeg_quality=75))
    assert plain.branches() == (plain,)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("size = [64]", r"images\.size: .*several sizes are written \[\[224, 224\], \[64, 64\]\]"),
        ("size = [[64, 4], [32, 32]]", r"images\.size: a side in pixels from 8 to 1024"),
        ("size = [[64, 64], 64]", r"size contains a value twice"),
        ("size = []", r"images\.size: a side"),
        ("jpeg_quality = []", r"jpeg_quality is an empty list"),
        ("jpeg_quality = [0, 99]", r"images\.jpeg_quality: a whole number from 1 to 95"),
        ("jpeg_quality = 96", r"images\.jpeg_quality = 96 cannot be used"),
        ("jpeg_quality = [50, 50]", r"jpeg_quality contains a value twice"),
        ('dwt = [{}, { wavelet = "haar" }]', r"dwt contains a value twice"),
        ('dwt = ["off", { wavlet = "haar" }]', r'no key "wavlet" in \[images.dwt\]; did you mean "wavelet"\?'),
        ('dwt = ["none", {}]', r'images\.dwt: a wavelet transform is a table.*or "off"'),
        (f"size = {list(range(10, 43))}", r"33 image settings are too many"),
    ],
)
def test_each_fault_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(RecipeError) as caught:
        images(text)
    message = str(caught.value)
    assert re.search(sentence, message), message
    assert len(message.splitlines()) == 1, message


def test_a_setting_is_named_by_what_the_grid_varies() -> None:
    assert setting_name(images("size = 64"), ImageSettings(size=64)) == ""
    sizes = images("size = [[64, 64], [48, 32]]\njpeg_quality = 50")
    assert [setting_name(sizes, setting) for setting in sizes.settings] == ["64 px", "48×32 px"]
    both = images('jpeg_quality = [0, 75]\ndwt = ["off", { wavelet = "db2", level = 2, subbands = ["LL", "HH"] }]')
    assert [setting_name(both, setting) for setting in both.settings] == [
        "no JPEG, no DWT", "no JPEG, db2 level 2 LL+HH", "JPEG 75, no DWT", "JPEG 75, db2 level 2 LL+HH",
    ]  # fmt: skip


def test_transforms_that_differ_have_names_that_differ() -> None:
    changed = [DwtSettings(), DwtSettings(wavelet="db2"), DwtSettings(level=2), DwtSettings(threshold=0.05)]
    assert len({transform_name(one) for one in (None, *changed)}) == 5
