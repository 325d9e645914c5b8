"""Recipes: what is read is what was written, and every fault gets a sentence that says where and what to do."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from engine.contract.errors import RecipeError
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import parse_recipe, read_recipe, recipe_text

ARCHITECTURE_EXAMPLE = """
schema = 1
name = "ultrasound-prq"
seed = 7
[dataset]
kind = "image_folder"
path = "~/data/ultrasound"
validation_path = ""
test_path = ""
classes = ["benign", "malignant"]
validation_fraction = 0.15
test_fraction = 0.15
limit_per_class = 0
[images]
size = 96
color = "rgb"
resample = "lanczos"
scale = "unit"
jpeg_quality = 0
dwt = { wavelet = "haar", level = 1, subbands = ["LL"] }
[backbone]
kind = "resnet18"
width = 0.25
weights = ""
freeze_base = false
head = "gap"
output = "auto"
[training]
epochs = 10
batch_size = 32
optimizer = "adam"
learning_rate = 1e-3
head_learning_rate = 0.0
weight_decay = 0.0
schedule = "constant"
augment = ["hflip", "rotate"]
[[chains]]
name = "PRQ"
steps = [
  { step = "magnitude_pruning", schedule = "polynomial", sparsity = 0.8, epochs = 4 },
  { step = "post_training_quantization", scheme = "dynamic_range" },
]
"""


def test_the_documented_recipe_is_read_and_written_again_unchanged() -> None:
    recipe = parse_recipe(ARCHITECTURE_EXAMPLE)
    assert recipe.images.dwt is not None
    assert recipe.images.dwt.subbands == ("LL",)
    assert [step.label() for step in recipe.chains[0].steps] == ["pruning 80 %", "dynamic range"]
    assert parse_recipe(recipe_text(recipe)) == recipe


def test_a_recipe_of_defaults_is_complete() -> None:
    assert parse_recipe("schema = 1") == Recipe()
    assert tomllib.loads(recipe_text(Recipe()))["schema"] == 1


def test_the_bundled_recipes_are_read(checkout: Path) -> None:
    bundled = sorted((checkout / "resources" / "recipes").glob("*.toml"))
    assert bundled
    for path in bundled:
        assert read_recipe(path).chains, path


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("schema = 1\n[trainin]\nepochs = 3", r'no key "trainin" at the top level; did you mean "training"\?'),
        ("schema = 1\n[training]\nepoch = 3", r'no key "epoch" in \[training\]; did you mean "epochs"\?'),
        ("schema = 1\n[images.dwt]\nwavlet = 'haar'", r'no key "wavlet" in \[images.dwt\]; did you mean "wavelet"\?'),
        (
            "schema = 1\n[[chains]]\nname='a'\nsteps=[{step='magnitude_prunning'}]",
            r'no step "magnitude_prunning".*"magnitude_pruning"',
        ),
        (
            "schema = 1\n[[chains]]\nname='a'\nsteps=[{step='magnitude_pruning', sparcity=0.5}]",
            r'no key "sparcity" in \[chains\[0\].steps\[0\]\]; did you mean "sparsity"\?',
        ),
        (
            "schema = 1\n[[chains]]\nname='a'\nsteps=[{step='magnitude_pruning', sparsity=1.5}]",
            r"chains\[0\].steps\[0\].sparsity = 1.5 cannot be used",
        ),
        ("schema = 1\n[training]\nepochs = 0", r"training.epochs = 0 cannot be used"),
        ("schema = 1\n[images]\nsize = 'x'", r'images.size = "x" cannot be used'),
        ("schema = 1\n[dataset]\ntest_fraction = 0.6\nvalidation_fraction = 0.5", r"must leave at least 5 %"),
        ("name = 'x'", r"add the line: schema = 1"),
        ("schema = 2", r"schema = 2 cannot be used"),
        ("schema = = 1", r"cannot be read, line 1"),
        ("schema = 1\n[[chains]]\nname='a'\n[[chains]]\nname='A'", r'two chains are called "a"'),
        ("schema = 1\n[[chains]]\nname='Baseline'", r"is the trained network itself"),
    ],
)
def test_each_fault_is_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(RecipeError) as caught:
        parse_recipe(text, "study.toml")
    message = str(caught.value)
    assert re.search(sentence, message), message
    assert message.startswith("study.toml")
    assert "pydantic" not in message
    assert len(message.splitlines()) == 1, message


@pytest.mark.parametrize(("name", "sentence"), [("missing.toml", "There is no recipe"), (".", "is a folder")])
def test_a_path_that_is_no_recipe(tmp_path: Path, name: str, sentence: str) -> None:
    with pytest.raises(RecipeError, match=sentence):
        read_recipe(tmp_path / name)


def test_a_recipe_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "binary.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match="not a text file"):
        read_recipe(path)
