"""In what the recipes that the compared files were made by differ, key by key."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.contract.document import Document
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import recipe_document

ABSENT = "–"
"""The value of a key that a recipe does not have."""
EMPTY = "{}"
"""The value of a table without keys."""
LEFT_OUT = ("schema",)


@dataclass(frozen=True)
class RecipeDifference:
    """One key."""

    key: str
    """Such as "training.epochs", or "chains.PRQ.steps[1].sparsity": chains go by their names."""
    values: tuple[str, ...]
    """As a recipe has it, one per recipe."""


def recipe_differences(recipes: Sequence[Recipe | None]) -> tuple[RecipeDifference, ...]:
    """The keys in which the recipes that can be read are not all equal, in the order of the recipe.

    A recipe that cannot be read, which is None, has a dash everywhere.
    """
    flat = [dict(_flat(_by_chain(recipe))) if recipe is not None else None for recipe in recipes]
    known = [one for one in flat if one is not None]
    found = []
    for key in dict.fromkeys(key for one in known for key in one):
        if len({one.get(key, ABSENT) for one in known}) > 1:
            values = tuple(ABSENT if one is None else one.get(key, ABSENT) for one in flat)
            found.append(RecipeDifference(key, values))
    return tuple(_without_parts(_without_empty(found)))


def _without_empty(found: Sequence[RecipeDifference]) -> list[RecipeDifference]:
    """Without tables that are empty where they have no key of their own: the keys of the others say it."""
    return [
        one
        for one in found
        if not (set(one.values) <= {EMPTY, ABSENT} and any(other.key.startswith(f"{one.key}.") for other in found))
    ]


def _step_words(step: Document) -> str:
    """Its name, and its scheme where it has one: by that alone files differ as by another step."""
    return f"{step['step']} ({step['scheme']})" if "scheme" in step else str(step["step"])


def _by_chain(recipe: Recipe) -> Document:
    """With the chains under their names, so that another order is no difference."""
    document = {key: value for key, value in recipe_document(recipe).items() if key not in LEFT_OUT}
    chains = {chain["name"]: chain for chain in document.pop("chains", [])}
    for name, chain in chains.items():
        names = " → ".join(map(_step_words, chain["steps"])) or "no step"
        steps = {f"[{place}]": _named(step) for place, step in enumerate(chain["steps"])}
        chains[name] = {"": names, "steps": steps}
    return document | {"chains": chains}


def _named(step: Document) -> Document:
    return {key: value for key, value in step.items() if key != "step"}


def _flat(document: Document, where: str = "") -> Iterator[tuple[str, str]]:
    for key, value in document.items():
        place = where + ("" if not key else key if key.startswith("[") or not where else f".{key}")
        if isinstance(value, dict) and value:
            yield from _flat(value, place)
        else:
            yield place, value if key == "" else json.dumps(value, ensure_ascii=False)


def _without_parts(found: Sequence[RecipeDifference]) -> Iterator[RecipeDifference]:
    """Without the settings of chains that have other steps: the steps say it."""
    others = [one.key for one in found if one.key.startswith("chains.") and ".steps[" not in one.key]
    for one in found:
        if not any(one.key.startswith(f"{chain}.steps[") for chain in others):
            yield one
