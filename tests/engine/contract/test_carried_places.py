"""A search goes on varying the same settings when chains and steps of its recipe are renamed, moved and removed."""

from __future__ import annotations

from engine.contract.carried_places import with_chain, without_chain
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.repairs import GiveOwnChain, InsertStep, MoveStep, RemoveEntry, SetValue, repaired
from engine.contract.search_settings import SearchSettings
from engine.contract.varied_recipe import value_at

PRUNING = {"step": "magnitude_pruning", "sparsity": 0.8}
CLUSTERING = {"step": "weight_clustering", "clusters": 16}
QUANTISATION = {"step": "post_training_quantization", "scheme": "int8"}
VARY = {
    "images.size": [64, 96],
    "chains.PCQ": "any order",
    "chains.PCQ.0.sparsity": [0.5, 0.7],
    "chains.PCQ.steps.1.clusters": [8, 32],
    "chains.PCQ.2.scheme": ["int8", "float16"],
    "chains.P.C.0.scheme": ["int8", "float16"],
}
"""One chain has a dot in its name."""


def study(vary: dict[str, object]) -> Recipe:
    chains = (
        ChainSettings(name="PCQ", steps=(PRUNING, CLUSTERING, QUANTISATION)),
        ChainSettings(name="P.C", steps=(QUANTISATION,)),
    )
    return Recipe(chains=chains, search=SearchSettings.model_validate({"vary": vary, "trials": 7}))


STUDY = study(VARY)


def places(recipe: Recipe) -> list[str]:
    """What varies; each of these is in the recipe."""
    assert recipe.search is not None
    assert recipe.search.trials == 7
    for place in recipe.search.vary:
        value_at(recipe, place)
    return list(recipe.search.vary)


def arranged(recipe: Recipe, order: list[int]) -> Recipe:
    """Its first chain with the steps at these indices alone."""
    steps = recipe.chains[0].steps
    chain = ChainSettings(name=recipe.chains[0].name, steps=tuple(steps[index] for index in order))
    return with_chain(recipe, 0, chain, order)


def test_a_renamed_chain_keeps_what_it_varies() -> None:
    for row, name in ((0, "New name"), (1, "with.dots")):
        chain = STUDY.chains[row]
        found = with_chain(STUDY, row, ChainSettings(name=name, steps=chain.steps), range(len(chain.steps)))
        assert places(found) == [place.replace(f"chains.{chain.name}", f"chains.{name}") for place in VARY]
        assert found.search is not None
        assert STUDY.search is not None
        assert list(found.search.vary.values()) == list(STUDY.search.vary.values())


def test_a_moved_step_keeps_what_it_varies() -> None:
    found = arranged(STUDY, [1, 0, 2])
    assert places(found)[2:5] == ["chains.PCQ.1.sparsity", "chains.PCQ.steps.0.clusters", "chains.PCQ.2.scheme"]


def test_a_removed_step_varies_no_more_and_the_others_move_up() -> None:
    found = arranged(STUDY, [1, 2])
    assert places(found)[2:4] == ["chains.PCQ.steps.0.clusters", "chains.PCQ.1.scheme"]
    assert not any("sparsity" in place for place in places(found))


def test_a_removed_chain_varies_no_more() -> None:
    assert places(without_chain(STUDY, 0)) == ["images.size", "chains.P.C.0.scheme"]
    assert places(without_chain(STUDY, 1)) == list(VARY)[:-1]


def test_orders_that_are_written_out_go_by_the_indices_of_now() -> None:
    written = study({"chains.PCQ": [[0, 1, 2], [1, 0, 2]]})
    for order, expected in (([1, 0, 2], ([1, 0, 2], [0, 1, 2])), ([0, 2], ([0, 1],))):
        found = arranged(written, order)
        assert found.search is not None
        assert found.search.vary == {"chains.PCQ": expected}


def test_a_place_that_no_chain_has_stays_for_the_search_to_refuse() -> None:
    lost = study({"chains.Z.0.sparsity": [0.5]})
    found = without_chain(lost, 1)
    assert found.search is not None
    assert list(found.search.vary) == ["chains.Z.0.sparsity"]


def test_a_repair_carries_the_places_along() -> None:
    said = {"sentence": "Mend it"}
    step = "chains[0].steps[0]"
    moved = repaired(STUDY, MoveStep(place=step, to=1, **said))
    assert places(moved) == places(arranged(STUDY, [1, 0, 2]))
    assert places(repaired(STUDY, RemoveEntry(place=step, **said))) == places(arranged(STUDY, [1, 2]))
    assert places(repaired(STUDY, RemoveEntry(place="chains[0]", **said))) == places(without_chain(STUDY, 0))
    inserted = repaired(STUDY, InsertStep(place=step, step=PRUNING, **said))
    assert "chains.PCQ.1.sparsity" in places(inserted)
    assert "chains.PCQ.0.sparsity" not in places(inserted)
    parted = repaired(STUDY, GiveOwnChain(place="chains[0].steps[2]", after=(0,), name="PQ", **said))
    assert places(parted)[2:5] == ["chains.PCQ.0.sparsity", "chains.PCQ.steps.1.clusters", "chains.PQ.1.scheme"]
    assert places(repaired(STUDY, SetValue(place=f"{step}.sparsity", value=0.6, **said))) == list(VARY)
