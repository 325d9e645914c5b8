"""What may vary in a recipe: places, values, orders, and what is refused."""

from __future__ import annotations

import optuna
import pytest

from engine.chain.preflight import errors, preflight
from engine.contract.errors import RecipeError
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import parse_recipe
from engine.contract.varied_recipe import varied
from engine.search.search_space import SearchSpace
from engine.search.trial_sampler import TrialSampler

CHAINS = """
[[chains]]
name = "P.Q"
steps = [
  { step = "magnitude_pruning", sparsity = 0.8, epochs = 1 },
  { step = "weight_clustering", clusters = 16, epochs = 1 },
  { step = "post_training_quantization", scheme = "int8" },
]
[[chains]]
name = "Q"
steps = [{ step = "post_training_quantization", scheme = "int8" }]
"""


def recipe(vary: str, search: str = "") -> Recipe:
    return parse_recipe(f"schema = 1\n{CHAINS}\n[search]\n{search}\n[search.vary]\n{vary}")


def test_each_kind_of_place_changes_its_setting() -> None:
    one = recipe('"images.size" = [32, 64]')
    found = varied(one, {"images.size": 64, "backbone.kind": "vgg16", "chains.P.Q.0.sparsity": 0.5, "chain": "P.Q"})
    assert (found.images.first.size, found.backbone.kind) == (64, "vgg16")
    assert [chain.name for chain in found.chains] == ["P.Q"]
    assert found.chains[0].steps[0].model_dump()["sparsity"] == 0.5
    assert found.search is None
    step = varied(one, {"chains.P.Q.2": {"step": "post_training_quantization", "scheme": "float16"}}).chains[0].steps[2]
    assert step.model_dump()["scheme"] == "float16"
    wavelet = varied(one, {"images.dwt": {"wavelet": "haar"}}).images.first.dwt
    assert wavelet is not None


def test_orders_are_those_that_the_pre_flight_accepts() -> None:
    space = SearchSpace.of(recipe('"chains.P.Q" = "any order"'))
    orders = space.places["chains.P.Q"]
    assert (0, 1, 2) in orders
    # Nothing follows a finished file.
    assert all(order[-1] == 2 for order in orders)
    steps = varied(space.recipe, {"chains.P.Q": (1, 0, 2), "chains.P.Q.0.sparsity": 0.3}).chains[0].steps
    assert [step.step for step in steps[:2]] == ["weight_clustering", "magnitude_pruning"]
    assert steps[1].model_dump()["sparsity"] == 0.3


def test_the_number_of_combinations() -> None:
    places = (
        '"images.size" = [32, 64, 48]', '"chains.P.Q.0.sparsity" = [0.5, 0.8]',
        '"chains.P.Q.1.clusters" = { low = 8, high = 16 }',
    )  # fmt: skip
    # With P.Q: 3 sizes × 2 × 9; with Q: 3 sizes.
    assert SearchSpace.of(recipe("\n".join(places))).points == 54 + 3
    assert SearchSpace.of(recipe('"chains.P.Q.0.sparsity" = { low = 0.3, high = 0.9, step = 0.1 }')).points == 7 + 1
    assert SearchSpace.of(recipe('"chains.P.Q.0.sparsity" = { low = 0.3, high = 0.9 }')).points is None


def test_the_recipe_as_it_is_written_comes_first_and_nothing_twice() -> None:
    vary = '"chains.P.Q.0.sparsity" = [0.9, 0.5, 0.8]\n"chains.Q.0.scheme" = ["float16", "int8"]'
    space = SearchSpace.of(recipe(vary))
    sampler = TrialSampler(space, space.recipe.search, seed=1)  # type: ignore[arg-type]
    asked = []
    while (settings := sampler.next()) is not None:
        asked.append(settings)
        sampler.tell(settings, {"validation_accuracy": 0.5, "zip_bytes": 10.0 * len(asked)})
    assert asked[0] == {"chain": "P.Q", "chains.P.Q.0.sparsity": 0.8}
    assert len(asked) == space.points == 5
    assert len({str(one) for one in asked}) == 5


def test_numbers_from_a_range_are_short() -> None:
    vary = '"chains.P.Q.0.sparsity" = { low = 0.3, high = 0.9 }\n"images.size" = { low = 32, high = 96, step = 32 }'
    space = SearchSpace.of(recipe(vary))
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for _ in range(20):
        settings = space.asked(study.ask())
        assert settings["images.size"] in (32, 64, 96)
        if "chains.P.Q.0.sparsity" in settings:
            assert len(str(settings["chains.P.Q.0.sparsity"])) <= 6


@pytest.mark.parametrize(
    ("vary", "said"),
    [
        ("", "names no setting to vary"),
        ('"chains.PQ.0.sparsity" = [0.5]', "Known: P.Q, Q"),
        ('"chains.P.Q.7.sparsity" = [0.5]', "has the steps 0 to 2"),
        ('"chains.P.Q.0.sparsty" = [0.5]', 'did you mean "sparsity"'),
        ('"chains.P.Q.0.sparsity" = [0.5, 1.5]', "sparsity"),
        ('"images.sise" = [32]', 'did you mean "size"'),
        ('"dataset.kind" = ["npz"]', "begins with none of images, backbone"),
        ('"seed" = [1, 2]', "begins with none of"),
        ('"chains.P.Q.0" = "any order"', "needs a whole chain"),
        ('"backbone.width" = { low = -1.0, high = 0.5 }', "width"),
    ],
)
def test_a_place_or_value_that_cannot_be_is_told(vary: str, said: str) -> None:
    with pytest.raises(RecipeError) as refused:
        SearchSpace.of(recipe(vary))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('objectives = ["acuracy"]', 'Did you mean "accuracy"'),
        ('objectives = ["accuracy", "accuracy"]', "named twice"),
        ("floors = { sparse = 1 }", "figure to search by"),
        ('sampler = "grid"', "sampler"),
        ("trials = -1", "trials"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(text: str, said: str) -> None:
    with pytest.raises(RecipeError) as refused:
        recipe('"images.size" = [32]', text)
    assert said in str(refused.value)


@pytest.mark.parametrize("more", ["seeds = [1, 2]", "folds = 3", "[images]\nsize = [[32, 32], [64, 64]]"])
def test_seeds_and_image_lists_are_for_after_the_search(more: str) -> None:
    refused = parse_recipe(f'schema = 1\n{more}\n[search.vary]\n"backbone.width" = [0.25]')
    (fault,) = errors(preflight(refused))
    assert "one image setting with one seed at a time" in fault.message
    with pytest.raises(RecipeError) as refused_range:
        recipe('"images.size" = { low = 5, high = 5 }')
    assert str(refused_range.value) == "The recipe: search.vary.images.size: low has to be below high."
