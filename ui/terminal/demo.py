"""The bundled demo recipe."""

from __future__ import annotations

from engine.contract.recipe import Recipe
from engine.contract.recipe_file import read_recipe
from engine.launch.resources import RESOURCES

DEMO_RECIPE = RESOURCES / "recipes" / "demo.toml"


def demo_recipe() -> Recipe:
    """The recipe that `--demo` runs, on images that the engine draws itself."""
    return read_recipe(DEMO_RECIPE)
