"""What of a study may well vary: the places that a user can tick, with values around those of the recipe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.contract.backbone_settings import MAX_WIDTH
from engine.contract.recipe import Recipe
from engine.contract.search_settings import SearchRange, SearchSettings, Varied
from engine.contract.step_parameters import StepParameters
from engine.search.place_title import place_title

SMALLEST_SIDE, LARGEST_SIDE = 16, 512
SIDES, WIDTHS = (0.5, 0.75, 1.0, 1.5), (0.5, 1.0, 2.0)
"""Times what the recipe has."""
OF_STEPS: dict[tuple[str, str], Varied] = {
    ("magnitude_pruning", "sparsity"): SearchRange(low=0.3, high=0.95),
    ("weight_clustering", "clusters"): (8, 16, 32, 64),
    ("knowledge_distillation", "student_width"): (0.25, 0.5, 1.0),
    ("post_training_quantization", "scheme"): ("float16", "dynamic_range", "int8"),
}


@dataclass(frozen=True)
class SuggestedPlace:
    """One."""

    place: str
    title: str
    values: Varied
    is_usual: bool
    """Whether it is ticked at first: what costs no baseline of its own."""


def suggested_places(recipe: Recipe) -> tuple[SuggestedPlace, ...]:
    """Of a recipe; those that its search has already with their values, and the others that it has at the end."""
    known = recipe.search or SearchSettings()
    found = {one.place: one for one in (*_of_the_study(recipe), *_of_the_chains(recipe))}
    own = {
        place: SuggestedPlace(place, found[place].title if place in found else place_title(recipe, place), values, True)
        for place, values in known.vary.items()
    }
    return tuple((found | own).values())


def _of_the_study(recipe: Recipe) -> Iterator[SuggestedPlace]:
    size = recipe.images.first.size
    if isinstance(size, int):
        sides = {max(min(8 * round(size * share / 8), LARGEST_SIDE), SMALLEST_SIDE) for share in SIDES} | {size}
        yield SuggestedPlace("images.size", "Image size", tuple(sorted(sides)), False)
    widths = {min(round(recipe.backbone.width * share, 4), MAX_WIDTH) for share in WIDTHS}
    yield SuggestedPlace("backbone.width", "Width of the network", tuple(sorted(widths)), False)


def _of_the_chains(recipe: Recipe) -> Iterator[SuggestedPlace]:
    for chain in recipe.chains:
        for number, step in enumerate(chain.steps):
            for (key, parameter), values in OF_STEPS.items():
                if step.step == key and _fits(step, parameter):
                    place = f"chains.{chain.name}.{number}.{parameter}"
                    yield SuggestedPlace(place, place_title(recipe, place), values, True)
        if len(chain.steps) > 2:
            place = f"chains.{chain.name}"
            yield SuggestedPlace(place, place_title(recipe, place), "any order", False)


def _fits(step: StepParameters, parameter: str) -> bool:
    """A fine schedule by hand, as of mixed schemes, is left as it is."""
    return parameter != "scheme" or getattr(step, "scheme", "") in OF_STEPS["post_training_quantization", "scheme"]
