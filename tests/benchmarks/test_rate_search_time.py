"""From the click to the whole curve of the demo, with nothing prepared before: at most 20 s."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from engine.contract.events import RateTried
from engine.contract.recipe_file import read_recipe
from workers.engine_process import EngineProcess
from workers.process_outcome import Ending

LONGEST_S = 20.0


@pytest.mark.benchmark
def test_the_demo_gets_its_curve_within_twenty_seconds(checkout: Path, tmp_path: Path) -> None:
    recipe = read_recipe(checkout / "resources" / "recipes" / "demo.toml")
    started = time.perf_counter()
    process = EngineProcess(recipe, tmp_path, task="find_rate")
    first_rate_s = 0.0
    for batch in process.batches():
        if not first_rate_s and any(isinstance(event, RateTried) for event in batch):
            first_rate_s = time.perf_counter() - started
    outcome = process.outcome()
    seconds = time.perf_counter() - started
    assert outcome.ending is Ending.DONE, outcome.message
    assert outcome.curve is not None
    print(
        f"\ndemo: {seconds:.1f} s from the start of the engine to its end, {first_rate_s:.1f} s to the first rate, "
        f"{len(outcome.curve.tried)} batches in {outcome.curve.seconds:.1f} s; suggestion {outcome.curve.suggestion}"
    )
    assert outcome.curve.suggestion is not None
    assert seconds < LONGEST_S
