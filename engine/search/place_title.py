"""What a place that a search varies is called: its title in the forms, and of a step also its chain and step."""

from __future__ import annotations

from pydantic import BaseModel

from engine.contract.errors import RecipeError
from engine.contract.recipe import Recipe
from engine.contract.varied_recipe import path_of


def place_title(recipe: Recipe, place: str) -> str:
    """Such as "Q4: Scheme of int4"; the place itself where the recipe has none such, which the search refuses."""
    try:
        root, *keys = path_of(recipe, place)
    except RecipeError:
        return place
    if root == "chains":
        return _of_a_chain(recipe, place, *keys)
    holder = recipe.images.first if root == "images" else getattr(recipe, root, None)
    title = _of_a_key(holder, keys)
    return f"{root.capitalize()}: {title}" if title else place


def _of_a_chain(recipe: Recipe, place: str, name: str, *keys: str) -> str:
    steps = next(chain.steps for chain in recipe.chains if chain.name == name)
    if place == f"chains.{name}":
        return f"{name}: order of the steps"
    if keys[0] not in map(str, range(len(steps))):
        return place
    step = steps[int(keys[0])]
    if len(keys) == 1:
        return f"{name}: step {int(keys[0]) + 1} as a whole"
    title = _of_a_key(step, keys[1:])
    return f"{name}: {title} of {step.label()}" if title else place


def _of_a_key(holder: object, keys: list[str] | tuple[str, ...]) -> str:
    """The title of a setting; what lies within it is told by its keys. Empty where there is none."""
    field = type(holder).model_fields.get(keys[0]) if isinstance(holder, BaseModel) and keys else None
    if field is None or not field.title:
        return ""
    return " ".join((field.title, *keys[1:]))
