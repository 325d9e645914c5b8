"""What may vary in a recipe: places, values, orders, and what is refused."""

from __future__ import annotations

import time
from itertools import permutations

import optuna
import pytest

from engine.chain.preflight import errors, preflight
from engine.contract.errors import NutshellError, RecipeError
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import parse_recipe
from engine.contract.varied_recipe import varied
from engine.search.search_space import SearchSpace
from engine.search.trial_sampler import TrialSampler

MOST_HELD_UP_S = 0.05
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


STEPS = """
  { step = "channel_pruning" },
  { step = "magnitude_pruning", sparsity = 0.8, epochs = 1 },
  { step = "weight_clustering", clusters = 16, epochs = 1 },
  { step = "low_rank" },
  { step = "quantization_aware_training", epochs = 1 },
  { step = "post_training_quantization", scheme = "int8" },
"""


def one_chain(steps: str) -> Recipe:
    text = f'schema = 1\n[[chains]]\nname = "A"\nsteps = [{steps}]\n[search.vary]\n"chains.A" = "any order"\n'
    return parse_recipe(text)


def test_orders_are_found_without_holding_up_the_window() -> None:
    """All orders of four steps by the whole pre-flight, and the time for six."""
    few = one_chain("".join(STEPS.splitlines(keepends=True)[3:]))
    every = permutations(range(4))
    assert SearchSpace.of(few).places["chains.A"] == tuple(order for order in every if is_accepted(few, order))
    many = one_chain(STEPS)
    # As the window has done before anybody opens a search.
    preflight(many)
    began_s = time.process_time()
    space = SearchSpace.of(many)
    assert time.process_time() - began_s < MOST_HELD_UP_S
    assert len(space.places["chains.A"]) == space.points == 4


def is_accepted(recipe: Recipe, order: tuple[int, ...]) -> bool:
    try:
        return not errors(preflight(varied(recipe, {"chains.A": order})))
    except NutshellError:
        return False


def test_a_step_that_stands_twice_makes_no_order_twice() -> None:
    twice = '{ step = "magnitude_pruning", sparsity = 0.5, epochs = 1 },\n' * 2
    orders = SearchSpace.of(one_chain(f'{twice}{{ step = "post_training_quantization" }}')).places["chains.A"]
    assert orders == ((0, 1, 2),)


def test_values_that_mean_the_same_count_once() -> None:
    for values in ("[16, [16, 16]]", "[[16, 16], 16, 16]"):
        space = SearchSpace.of(recipe(f'"images.size" = {values}\n"backbone.width" = [0.5, 1.0, 1]'))
        assert space.points == 2 * 2, "a size and two widths, for two chains"
    assert SearchSpace.of(recipe('"images.size" = [16, [16, 24], [24, 16]]')).points == 3 * 2


def test_a_chain_whose_name_begins_as_another_place_is_told_apart() -> None:
    """Chains "P" and "P.0": what only one of them has is its own, and what both have is refused."""
    both = CHAINS.replace('"P.Q"', '"P"').replace('"Q"', '"P.0"')
    one = parse_recipe(f'schema = 1\n{both}\n[search.vary]\n"chains.P.0.sparsity" = [0.5]')
    assert SearchSpace.of(one).points == 1 + 1
    changed = varied(one, {"chains.P.0.sparsity": 0.5, "chains.P.0.0.scheme": "float16"})
    assert [chain.steps[0].model_dump().get("sparsity") for chain in changed.chains] == [0.5, None]
    assert changed.chains[1].steps[0].model_dump()["scheme"] == "float16"
    with pytest.raises(RecipeError, match=r'can mean a step of the chain "P" and the chain "P\.0"; rename one'):
        varied(one, {"chains.P.0": (0,)})


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


def test_a_value_that_cannot_run_alone_is_told() -> None:
    space = SearchSpace.of(recipe('"backbone.kind" = ["resnet8", "nonsense"]'))
    (found,) = space.refused_alone()
    assert found[:2] == ("backbone.kind", "nonsense")


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
        (
            '"chains.P.Q.0" = [{ step = "magnitude_pruning" }]\n"chains.P.Q.0.sparsity" = [0.5]',
            "change the same setting",
        ),
        ('"chains.P.Q.0.sparsity" = [0.5]\n"chains.P.Q.steps.0.sparsity" = [0.6]', "change the same setting"),
        ('"images.dwt" = ["off"]\n"images.dwt.level" = [1, 2]', "change the same setting"),
        ('"backbone.kind.name" = ["a"]', "has no parts to vary"),
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
        ("floors = { accuracy = 80 }", "80 % is 0.8"),
        ("floors = { zip_bytes = -5 }", "zip_bytes is above 0 for every file, so none reaches -5"),
        ("floors = { latency_p50_ms = 0 }", "latency_p50_ms is above 0 for every file"),
        ("floors = { macs = -1 }", "macs cannot be below 0, and -1 is"),
        ("floors = { mcc = 1.5 }", "mcc goes from -1 to 1, and 1.5 lies outside"),
        ("floors = { ece = -0.1 }", "ece is a share from 0 to 1"),
        ("floors = { zip_bytes = inf }", "floors"),
        ("floors = { zip_bytes = nan }", "floors"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(text: str, said: str) -> None:
    with pytest.raises(RecipeError) as refused:
        recipe('"images.size" = [32]', text)
    assert said in str(refused.value)


def test_limits_that_a_file_can_have_are_taken() -> None:
    floors = "{ mcc = -0.5, log_loss = 0, nonzero_parameters = 0, zip_bytes = 1, accuracy = 1.0, latency_p95_ms = 0.1 }"
    search = recipe('"images.size" = [32]', f"floors = {floors}").search
    assert search is not None
    assert len(search.floors) == 6


@pytest.mark.parametrize("more", ["seeds = [1, 2]", "folds = 3", "[images]\nsize = [[32, 32], [64, 64]]"])
def test_seeds_and_image_lists_are_for_after_the_search(more: str) -> None:
    with pytest.raises(RecipeError, match=r'a place is one key in quotes: "images\.size" ='):
        parse_recipe("schema = 1\n[search.vary.images]\nsize = [32, 64]")
    refused = parse_recipe(f'schema = 1\n{more}\n[search.vary]\n"backbone.width" = [0.25]')
    (fault,) = errors(preflight(refused))
    assert "one image setting with one seed at a time" in fault.message
    with pytest.raises(RecipeError) as refused_range:
        recipe('"images.size" = { low = 5, high = 5 }')
    assert str(refused_range.value) == "The recipe: search.vary.images.size: low has to be below high."


@pytest.mark.parametrize(
    ("low", "high", "step", "count"),
    [(0.1, 0.3, 0.1, 3), (0.3, 0.95, 0.05, 14), (0.3, 0.9, 0.1, 7), (0.1, 0.29, 0.1, 2)],
)
def test_a_stepped_range_counts_its_last_value(low: float, high: float, step: float, count: int) -> None:
    space = SearchSpace.of(recipe(f'"chains.P.Q.0.sparsity" = {{ low = {low}, high = {high}, step = {step} }}'))
    assert space.points == count + 1
    asked = [one["chains.P.Q.0.sparsity"] for one in space.all_parameters() if "chains.P.Q.0.sparsity" in one]
    assert asked == pytest.approx([low + place * step for place in range(count)])
    assert max(asked) <= high
