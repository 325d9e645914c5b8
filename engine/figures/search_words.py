"""A search in words: its objectives by the titles of the tables, and the settings of a trial."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from engine.contract.errors import RecipeError
from engine.contract.recipe import Recipe
from engine.contract.varied_recipe import chain_of, is_order
from engine.figures.figure_text import figure_text
from engine.figures.variant_figures import figures

FIGURE_OF = {
    "sparsity_fraction": "sparsity",
    "model_bytes": "size",
    "zip_bytes": "zip",
    "nonzero_parameters": "nonzero",
    "unique_weights": "distinct_weights",
    "latency_p50_ms": "latency",
    "latency_p95_ms": "latency_p95",
    "peak_memory_bytes": "peak_memory",
}
"""Fields of `VariantMeasurement` → their figures; the others have the field's name."""
VALIDATION = "validation_accuracy"
"""No figure: it is there for a search alone."""


def objective_title(name: str) -> str:
    """What tables call it, without its unit, which `value_text` has: "zipped" for zip_bytes."""
    if name == VALIDATION:
        return "validation accuracy"
    (figure,) = figures(FIGURE_OF.get(name, name))
    return figure.title.split("\n(")[0].replace("\n", " ")


def value_text(name: str, value: float) -> str:
    """A figure with its unit, such as "12.3 KiB"."""
    if name.endswith("_bytes"):
        return f"{value / 1024:,.1f} KiB"
    if name.endswith("_ms"):
        return f"{figure_text(value)} ms"
    return f"{value:.3f}" if abs(value) <= 1 else figure_text(value)


def settings_text(settings: Mapping[str, Any], recipe: Recipe | None = None) -> str:
    """Such as "images.size = 64, chains.PQ.0.sparsity = 0.8".

    Args:
        recipe: of the search, by which an order of steps is told with their names; None: with their indices.
    """
    return ", ".join(f"{place} = {_order(place, value, recipe) or _short(value)}" for place, value in settings.items())


def _order(place: str, value: Any, recipe: Recipe | None) -> str:
    """The names of a chain's steps in an order; empty where the value is none."""
    try:
        if recipe is None or not isinstance(value, list | tuple) or not is_order(recipe, place):
            return ""
        name = chain_of(recipe, place)
    except RecipeError:
        return ""
    steps = next(chain.steps for chain in recipe.chains if chain.name == name)
    names = [step.step.replace("_", " ") for step in steps]
    # The labels have values that a trial may change; of two steps of one name the place in the recipe tells them apart.
    told = [f"{one} ({place + 1})" if names.count(one) > 1 else one for place, one in enumerate(names)]
    return " → ".join(told[index] for index in value)


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
