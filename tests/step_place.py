"""Places a step after others, for the tests of what its pre-flight says there."""

from __future__ import annotations

from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.step_parameters import StepParameters
from engine.workbench.step import StepPlace


def after(*earlier: StepParameters) -> StepPlace:
    """The place at the end of a chain of the `earlier` steps, in a recipe that is the default else."""
    return StepPlace(Recipe(chains=(ChainSettings(name="chain", steps=earlier),)), chain=0, index=len(earlier))
