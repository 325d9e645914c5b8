"""The bundled demo recipe."""

from __future__ import annotations

from pathlib import Path

from engine.contract.recipe import Recipe
from engine.contract.recipe_file import read_recipe

DEMO_RECIPE = Path(__file__).resolve().parents[2] / "resources" / "recipes" / "demo.toml"


def demo_recipe() -> Recipe:
    """The recipe that `--demo` runs, on images that the engine draws itself."""
    return read_recipe(DEMO_RECIPE)
