"""A recipe with other values at some of its places: one trial of a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from engine.contract.document import Document
from engine.contract.errors import RecipeError
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import build_recipe, recipe_document
from engine.contract.registry import unknown_name_message

CHAIN = "chain"
"""The setting of a trial that says which of several chains it takes."""
ROOTS = ("images", "backbone", "training", "chains")


def chain_of(recipe: Recipe, place: str) -> str:
    """The name of the chain that a place is in; empty where it is in none.

    Raises:
        RecipeError: there is no such chain, or the place can mean two.
    """
    root, _, rest = place.partition(".")
    if root != "chains":
        return ""
    names = [chain.name for chain in recipe.chains]
    # A name may have dots of its own.
    fitting = [name for name in names if rest == name or rest.startswith(f"{name}.")]
    if not fitting:
        raise RecipeError(f'search.vary."{place}": {unknown_name_message("chain", rest.split(".")[0], names)}')
    meant = [name for name in fitting if _leads_to_a_setting(recipe, name, rest)]
    if len(meant) > 1:
        told = " and ".join(
            f'the chain "{name}"' if name == rest else f'a step of the chain "{name}"' for name in meant
        )
        raise RecipeError(f'search.vary."{place}" can mean {told}; rename one of the chains.')
    return meant[0] if meant else max(fitting, key=len)


def _leads_to_a_setting(recipe: Recipe, name: str, rest: str) -> bool:
    """Whether a place below "chains" is a chain of this name as a whole, one of its steps, or a setting of a step."""
    if rest == name:
        return True
    index, *keys = rest.removeprefix(f"{name}.").removeprefix("steps.").split(".")
    steps = next(chain.steps for chain in recipe.chains if chain.name == name)
    if index not in map(str, range(len(steps))):
        return False
    return not keys or keys[0] in type(steps[int(index)]).model_fields


def varied(recipe: Recipe, settings: Mapping[str, Any]) -> Recipe:
    """The recipe of one trial, without its search.

    Args:
        settings: place → value; `CHAIN` → which chain alone it has; a chain → the order of its steps.

    Raises:
        RecipeError: a place is not in the recipe, or a value is not allowed there.
    """
    document = recipe_document(recipe)
    document.pop("search", None)
    orders = {place: value for place, value in settings.items() if is_order(recipe, place)}
    for place, value in settings.items():
        if place != CHAIN and place not in orders:
            holder, key = _at(recipe, document, place)
            holder[key] = value
    for place, order in orders.items():
        steps = _steps(document, chain_of(recipe, place))
        steps[:] = [steps[index] for index in order]
    if CHAIN in settings:
        document["chains"] = [chain for chain in document["chains"] if chain["name"] == settings[CHAIN]]
    return build_recipe(document, "search.vary")


def value_at(recipe: Recipe, place: str) -> Any:
    """What a recipe has at a place; of a chain the order of its steps as written, and None where there is nothing."""
    if is_order(recipe, place):
        steps = next(chain.steps for chain in recipe.chains if chain.name == chain_of(recipe, place))
        return tuple(range(len(steps)))
    holder, key = _at(recipe, recipe_document(recipe), place)
    return holder[key] if isinstance(holder, list) else holder.get(key)


def refuse_clashes(recipe: Recipe, places: Sequence[str]) -> None:
    """
    Raises:
        RecipeError: two places are one, or one lies within the other, so that one would undo the other.
    """
    paths = {place: path_of(recipe, place) for place in places if not is_order(recipe, place)}
    for (place, path), (other, its) in combinations(paths.items(), 2):
        if path[: len(its)] == its or its[: len(path)] == path:
            raise RecipeError(
                f'search.vary: "{place}" and "{other}" change the same setting, so one would undo the other; name one.'
            )


def path_of(recipe: Recipe, place: str) -> tuple[str, ...]:
    """The keys that lead to a place: the table, then of chains the chain's name, and the rest.

    Raises:
        RecipeError: as `chain_of`.
    """
    root, _, rest = place.partition(".")
    if chain := chain_of(recipe, place):
        return (root, chain, *rest.removeprefix(f"{chain}.").removeprefix("steps.").split("."))
    return (root, *rest.split(".")) if rest else (root,)


def is_order(recipe: Recipe, place: str) -> bool:
    """Whether a place is a whole chain, so that its values are orders of steps."""
    return place.startswith("chains.") and place == f"chains.{chain_of(recipe, place)}"


def _steps(document: Document, chain: str) -> list[Any]:
    steps: list[Any] = next(one["steps"] for one in document["chains"] if one["name"] == chain)
    return steps


def _at(recipe: Recipe, document: Document, place: str) -> tuple[Any, Any]:
    """The table or list that has the place, and its key there; tables on the way are made."""
    root, *keys = path_of(recipe, place)
    if root not in ROOTS or not keys:
        message = f'search.vary."{place}" begins with none of {", ".join(ROOTS)}; name a place such as "images.size".'
        raise RecipeError(message)
    holder: Any = document[root]
    if root == "chains":
        chain, *keys = keys
        holder = _steps(document, chain)
        if keys[0] not in map(str, range(len(holder))):
            raise RecipeError(
                f'search.vary."{place}": the chain "{chain}" has the steps 0 to {len(holder) - 1}; name one, such as '
                f'"chains.{chain}.0".'
            )
        if len(keys) == 1:
            return holder, int(keys[0])
        holder, keys = holder[int(keys[0])], keys[1:]
    for key in keys[:-1]:
        holder = holder.setdefault(key, {})
        if not isinstance(holder, dict):
            raise RecipeError(f'search.vary."{place}": "{key}" is {holder!r} in the recipe, and has no parts to vary.')
    return holder, keys[-1]
