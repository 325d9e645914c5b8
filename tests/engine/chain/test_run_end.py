"""How a run ended is kept before anyone is told of it, since who is told may end the engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.chain.run import run_recipe
from engine.contract.errors import NutshellError
from engine.contract.events import EngineEvent, RunCancelled, RunFailed
from engine.contract.recipe import DatasetSettings, Recipe
from engine.store.locations import Locations
from engine.store.run_history import RunState, list_runs
from engine.training.control import Control


@pytest.mark.parametrize(
    ("cancelled", "closing", "state"), [(True, RunCancelled, RunState.CANCELLED), (False, RunFailed, RunState.FAILED)]
)
def test_the_list_knows_the_end_when_it_is_told(
    tmp_path: Path, cancelled: bool, closing: type[EngineEvent], state: RunState
) -> None:
    locations = Locations(tmp_path / "runs")
    missing = DatasetSettings(kind="image_folder", path=str(tmp_path / "nowhere"))
    recipe = Recipe(dataset=DatasetSettings(limit_per_class=8) if cancelled else missing)
    control = Control()
    if cancelled:
        control.cancel()
    listed = []

    def told(event: EngineEvent) -> None:
        if isinstance(event, closing):
            listed.append(list_runs(locations)[0].state)

    with pytest.raises(NutshellError):
        run_recipe(recipe, locations, control, told, lambda directory: None)
    assert listed == [state]
