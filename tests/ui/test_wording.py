"""The window speaks of fields by their titles, and the command line of keys."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.chain.preflight import preflight
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import NutshellError
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.recipe_file import parse_recipe
from engine.datasets.cache.preparation import scan
from ui.message_bar import MessageBar
from ui.wording import in_window_words

DOTTED = re.compile(r"\b(dataset|images|backbone|training|chains)(\[\d+\])?\.[a-z_]+")


@pytest.mark.parametrize(
    ("engine", "window"),
    [
        ("dataset.path is empty; choose the folder.", '"Images" is empty; choose the folder.'),
        ("validation_fraction and test_fraction together", '"Validation share" and "Test share" together'),
        ("leave the class out with dataset.classes.", 'leave the class out with "Classes".'),
        ("use a lower images.dwt.level or larger images.", 'use a lower "Level" or larger images.'),
        (
            "values up to 0.06 only; set scale = per_image_max.",
            'values up to 0.06 only; set "Scale" to "by each image\'s maximum".',
        ),
        ("chains[0].steps[1].sparsity: it has to be below 1.", 'chain 1, step 2, "Sparsity": it has to be below 1.'),
        ("set images.value_range", 'set "Value range"'),
        ("/home/me/dataset.images/a.png is cut off", "/home/me/dataset.images/a.png is cut off"),
        ("Accuracy = 0.9 of both.", "Accuracy = 0.9 of both."),
    ],
)
def test_keys_become_titles(engine: str, window: str) -> None:
    assert in_window_words(engine) == window


BAD = [
    Recipe(dataset=DatasetSettings(kind="image_folder")),
    Recipe(dataset=DatasetSettings(kind="npz", path="/nowhere.npz")),
    Recipe(dataset=DatasetSettings(kind="dicom_folder", path="/nowhere")),
    Recipe(images=ImageSettings(color="grayscale", scale="imagenet_bgr")),
    Recipe(images=ImageSettings(size=8, dwt={"level": 4})),
    Recipe(chains=(ChainSettings(name="a", steps=({"step": "post_training_quantization", "scheme": "mixed"},)),)),
    Recipe(chains=(ChainSettings(name="a", steps=({"step": "post_training_quantization", "scheme": "int4"},) * 2),)),
    Recipe(backbone={"kind": "keras_file"}),
    Recipe(backbone={"kind": "vgg16", "weights": "/nowhere.h5", "freeze_base": True}),
]


@pytest.mark.parametrize("recipe", BAD, ids=range(len(BAD)))
def test_no_finding_of_a_recipe_speaks_of_keys_in_the_window(recipe: Recipe) -> None:
    messages = [finding.message for finding in preflight(recipe)]
    try:
        scan(recipe.dataset, 7)
    except NutshellError as error:
        messages.append(str(error))
    assert messages
    for message in messages:
        assert not DOTTED.search(in_window_words(message)), message


def test_a_recipe_that_is_opened_in_the_window_is_told_in_its_words() -> None:
    text = 'schema = 1\n[dataset]\nkind = "npz"\ntest_fraction = 2\n[images]\nsize = 3\n'
    with pytest.raises(NutshellError) as caught:
        parse_recipe(text, "study.toml")
    assert "dataset.test_fraction = 2 cannot be used: it has to be below 0.9" in str(caught.value)
    shown = in_window_words(str(caught.value))
    assert '"Test share" = 2 cannot be used' in shown
    assert not DOTTED.search(shown)


@pytest.mark.usefixtures("qtbot")
def test_the_message_of_a_page_is_in_the_windows_words(tmp_path: Path) -> None:
    bar = MessageBar("message")
    bar.say(f"dataset.labels_csv: {tmp_path} cannot be read; check the path.")
    assert bar.text() == f'"Labels file": {tmp_path} cannot be read; check the path.'
