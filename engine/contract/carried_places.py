"""A recipe with other chains, and with the places that its search varies where their chains and steps are now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.contract.errors import RecipeError
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.search_settings import SearchSettings, Varied
from engine.contract.varied_recipe import chain_of

STEPS = "steps."
"""May stand in a place between the chain and the index of the step."""


@dataclass(frozen=True)
class ChainOrigin:
    """Where a chain of the changed recipe comes from."""

    name: str
    """It has now."""
    was: str | None
    """The name it had; None: it is new."""
    steps: tuple[tuple[str, int] | None, ...]
    """For each step the chain and the index that it had; None: it is new."""


def with_chain(recipe: Recipe, row: int, chain: ChainSettings, steps_from: Sequence[int | None]) -> Recipe:
    """The recipe with another chain in place of the one at a row.

    Args:
        steps_from: for each step of the new chain the index that it had in the old one; None: it is new.

    Raises:
        pydantic.ValidationError: two chains have one name.
    """
    origins = list(_unchanged(recipe))
    was = recipe.chains[row].name
    steps = tuple(None if index is None else (was, index) for index in steps_from)
    origins[row] = ChainOrigin(chain.name, was, steps)
    return _changed(recipe, (*recipe.chains[:row], chain, *recipe.chains[row + 1 :]), origins)


def without_chain(recipe: Recipe, row: int) -> Recipe:
    """The recipe without the chain at a row, and without what its search varies there."""
    origins = [origin for place, origin in enumerate(_unchanged(recipe)) if place != row]
    return _changed(recipe, (*recipe.chains[:row], *recipe.chains[row + 1 :]), origins)


def carried_search(recipe: Recipe, origins: Sequence[ChainOrigin]) -> SearchSettings | None:
    """The search of a recipe for its changed chains: what is gone is varied no more, and what no chain has stays.

    Args:
        origins: one per chain of the changed recipe.
    """
    if recipe.search is None:
        return None
    vary: dict[str, Varied] = {}
    for place, values in recipe.search.vary.items():
        carried = _carried(recipe, place, values, origins)
        if carried is not None:
            vary[carried[0]] = carried[1]
    return recipe.search.model_copy(update={"vary": vary})


def _unchanged(recipe: Recipe) -> tuple[ChainOrigin, ...]:
    return tuple(
        ChainOrigin(chain.name, chain.name, tuple((chain.name, index) for index in range(len(chain.steps))))
        for chain in recipe.chains
    )


def _changed(recipe: Recipe, chains: tuple[ChainSettings, ...], origins: Sequence[ChainOrigin]) -> Recipe:
    values = {name: getattr(recipe, name) for name in Recipe.model_fields if name != "schema_version"}
    return Recipe(**(values | {"chains": chains, "search": carried_search(recipe, origins)}))


def _carried(recipe: Recipe, place: str, values: Varied, origins: Sequence[ChainOrigin]) -> tuple[str, Varied] | None:
    """Where a place is now, with its values; None: it is gone."""
    try:
        chain = chain_of(recipe, place)
    except RecipeError:
        # Nobody knows what it means; the search says so.
        return place, values
    if not chain:
        return place, values
    whole = f"chains.{chain}"
    if place == whole:
        now = next((origin for origin in origins if origin.was == chain), None)
        return None if now is None else (f"chains.{now.name}", _orders(values, now))
    rest = place.removeprefix(f"{whole}.")
    between = STEPS if rest.startswith(STEPS) else ""
    index, _, keys = rest.removeprefix(STEPS).partition(".")
    known = next(len(one.steps) for one in recipe.chains if one.name == chain)
    if index not in map(str, range(known)):
        now = next((origin for origin in origins if origin.was == chain), None)
        return None if now is None else (f"chains.{now.name}.{rest}", values)
    # A repair may leave a step in its chain and begin another with it too; the first has its place.
    for origin in origins:
        if (chain, int(index)) in origin.steps:
            number = origin.steps.index((chain, int(index)))
            return f"chains.{origin.name}.{between}{number}" + (f".{keys}" if keys else ""), values
    return None


def _orders(values: Varied, now: ChainOrigin) -> Varied:
    """Orders that are written out, by the indices of now: without the steps that are gone, new ones at the end."""
    if not isinstance(values, tuple):
        return values
    own = {step[1]: number for number, step in enumerate(now.steps) if step is not None and step[0] == now.was}
    new = [number for number in range(len(now.steps)) if number not in own.values()]
    found = [
        [*(own[index] for index in order if index in own), *new] if isinstance(order, list | tuple) else order
        for order in values
    ]
    return tuple(order for place, order in enumerate(found) if order not in found[:place])
