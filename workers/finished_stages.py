"""Which stages of a recipe an earlier run has finished, so that they need no time. No Qt."""

from __future__ import annotations

from pathlib import Path

from engine.chain.planning import plan_run
from engine.contract.progress import Progress
from engine.contract.recipe import Recipe
from engine.store.locations import Locations
from engine.store.stage_store import StageStore


def finished_stages(recipe: Recipe, runs_directory: Path, progress: Progress) -> tuple[bool, ...]:
    """One value per stage, branch by branch, parents before children.

    Raises:
        NutshellError: the recipe cannot be planned.
        Cancelled: out of `progress`.
    """
    locations = Locations(runs_directory)
    planned = plan_run(recipe, locations, progress)
    progress.raise_if_cancelled()
    store = StageStore(locations)
    return tuple(store.facts(stage.key) is not None for branch in planned.branches for stage in branch.tree.stages)
