"""A deleted run takes the stages with it that nothing else uses."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.store.locations import Locations
from engine.store.run_removal import note_used_stage, planned_removal

OWN, SHARED, PLANNED, WEIGHTS, DRAFTED = ("a" * 64, "b" * 64, "c" * 64, "d" * 64, "e" * 64)


@pytest.fixture
def locations(tmp_path: Path) -> Locations:
    """Two runs, a draft and five stages."""
    locations = Locations(tmp_path).create()
    locations.drafts.mkdir()
    for run in ("one", "two"):
        (locations.runs / run).mkdir()
    for key in (OWN, SHARED, PLANNED, WEIGHTS, DRAFTED):
        (locations.stages / key).mkdir()
        (locations.stages / key / "model.tflite").write_bytes(bytes(1000))
        note_used_stage(locations.runs / "one", key)
    note_used_stage(locations.runs / "two", SHARED)
    (locations.runs / "two" / "events.jsonl").write_text(
        f'{{"event":"run_started","stages":[{{"key":"{PLANNED}"}}]}}\n{{"event":"notice","message":"{OWN}"}}\n'
    )
    (locations.runs / "two" / "recipe.toml").write_text(f'weights = "stages/{WEIGHTS}/model.keras"\n')
    (locations.drafts / "x.toml").write_text(f'weights = "stages/{DRAFTED}/model.keras"\n')
    return locations


def test_stages_that_others_use_plan_or_name_stay(locations: Locations) -> None:
    checkpoint = locations.stages / f"{OWN}.checkpoint"
    checkpoint.write_bytes(bytes(500))
    removal = planned_removal(locations, "one")
    assert removal.paths == (locations.runs / "one", locations.stages / OWN, checkpoint)
    assert removal.kept_stages == 4
    assert removal.freed_bytes >= 1500


def test_the_checkpoint_of_a_training_that_was_stopped_goes_with_its_run(locations: Locations) -> None:
    key = "f" * 64
    checkpoint = locations.stages / f"{key}.checkpoint"
    checkpoint.write_bytes(bytes(500))
    note_used_stage(locations.runs / "one", key)
    assert checkpoint in planned_removal(locations, "one").paths
    note_used_stage(locations.runs / "two", key)
    assert checkpoint not in planned_removal(locations, "one").paths


def test_nothing_is_deleted_by_planning_it(locations: Locations) -> None:
    before = sorted(locations.root.rglob("*"))
    planned_removal(locations, "two")
    assert sorted(locations.root.rglob("*")) == before
