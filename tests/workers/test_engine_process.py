"""A real engine child: its events, its commands, and how its end is reported."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.events import (
    EngineEvent,
    EpochFinished,
    Notice,
    Paused,
    Resumed,
    RunFailed,
    RunStarted,
    StageFinished,
    StageStarted,
    VariantMeasured,
)
from engine.contract.recipe import Recipe
from engine.store.event_log import EventLog
from engine.store.locations import Locations
from engine.store.run_history import RunState, list_runs
from tests.small_study import small_recipe
from tests.tensorboard_reader import curves
from ui.shown_run import ShownRun
from workers.engine_process import EngineProcess
from workers.process_outcome import Ending, ProcessOutcome


def test_bad_images_are_told_with_a_sentence_and_exit_code_2(tmp_path: Path) -> None:
    recipe = Recipe(dataset=DatasetSettings(kind="image_folder", path=str(tmp_path / "nowhere")))
    process = EngineProcess(recipe, tmp_path / "runs")
    events = [event for batch in process.batches() for event in batch]
    assert isinstance(events[-1], RunFailed)
    outcome = process.outcome()
    assert (outcome.ending, outcome.exit_code) == (Ending.FAILED, 2)
    assert "there is no folder" in outcome.message


def test_pause_resume_and_stop_keep_the_best_and_a_later_run_trains_on(tmp_path: Path, heart_folder: Path) -> None:
    recipe = small_recipe(heart_folder)
    recipe = recipe.model_copy(
        update={"training": recipe.training.model_copy(update={"epochs": 4}), "chains": recipe.chains[:1]}
    )
    process = EngineProcess(recipe, tmp_path)
    events: list[EngineEvent] = []
    stop_sent = False
    for batch in process.batches():
        events += batch
        for event in batch:
            if isinstance(event, EpochFinished) and not stop_sent:
                process.pause()
            if isinstance(event, Paused):
                process.stop_stage()
                stop_sent = True
    outcome = process.outcome()
    assert outcome.ending is Ending.DONE, outcome.message
    assert any(isinstance(event, Resumed) for event in events)
    baseline, pruned = (event for event in events if isinstance(event, StageFinished))
    assert baseline.stopped_early
    assert not pruned.stopped_early
    measured = [event for event in events if isinstance(event, VariantMeasured)]
    assert {event.variant.chain for event in measured} == {"baseline", "PRN"}
    started = next(event for event in events if isinstance(event, RunStarted))
    assert {event.stage for event in measured} <= {stage.key for stage in started.stages}

    again = EngineProcess(recipe, tmp_path)
    later = [event for batch in again.batches() for event in batch]
    assert again.outcome().ending is Ending.DONE
    resumed = next(event for event in later if isinstance(event, StageStarted))
    assert resumed.resumed_epoch >= 1
    epochs = [event.epoch for event in later if isinstance(event, EpochFinished) and event.stage == resumed.stage]
    assert epochs == [1, 2, 3, 4]
    assert not any(isinstance(event, StageFinished) and (event.reused or event.stopped_early) for event in later)


def test_a_run_that_was_cancelled_goes_on_in_its_own_entry(tmp_path: Path, heart_folder: Path) -> None:
    recipe = small_recipe(heart_folder)
    recipe = recipe.model_copy(update={"chains": recipe.chains[:1]})
    process = EngineProcess(recipe, tmp_path)
    for batch in process.batches():
        if any(isinstance(event, EpochFinished) for event in batch):
            process.cancel()
    assert process.outcome().ending is Ending.CANCELLED
    (cancelled,) = list_runs(Locations(tmp_path))
    assert cancelled.state is RunState.CANCELLED
    events_file = cancelled.directory / "events.jsonl"
    with events_file.open("ab") as stream:  # As a killed engine leaves it.
        stream.write(b'{"version":1,"event":"epoch_fin')
    again = EngineProcess(recipe, tmp_path, resumed_run=cancelled.run)
    later = [event for batch in again.batches() for event in batch]
    assert again.outcome().ending is Ending.DONE
    (done,) = list_runs(Locations(tmp_path))
    assert (done.run, done.started, done.state) == (cancelled.run, cancelled.started, RunState.DONE)
    state = ShownRun()
    state.apply_all(EventLog(events_file).read_new())
    assert state.result is not None
    assert state.cancelled is None
    assert not any("damaged" in entry.text for entry in state.log)
    assert [stage.done_fraction for stage in state.stages.values()] == [1.0, 1.0]
    trained = [event.epoch for event in later if isinstance(event, EpochFinished)]
    assert trained == [1, 2, 1]
    drawn = curves(done.directory)
    steps = [[step for step, _ in drawn[name]["loss/training"]] for name in drawn if name.startswith("stages")]
    assert steps == [[1, 2], [1]]


def test_the_same_recipe_twice_at_once_is_computed_once(tmp_path: Path, heart_folder: Path) -> None:
    recipe = small_recipe(heart_folder)
    processes = [EngineProcess(recipe, tmp_path) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(lambda one: [event for batch in one.batches() for event in batch], processes))
    assert [process.outcome().ending for process in processes] == [Ending.DONE, Ending.DONE]
    finished = [event for events in told for event in events if isinstance(event, StageFinished)]
    assert sorted(Counter(event.stage for event in finished if not event.reused).values()) == [1, 1, 1]
    assert len(finished) == 6
    said = [event.message for events in told for event in events if isinstance(event, Notice)]
    assert any("another run is computing this stage" in message for message in said)
    assert len(list_runs(Locations(tmp_path))) == 2


def test_a_run_that_fails_at_its_start_is_listed(tmp_path: Path) -> None:
    recipe = Recipe(name="nowhere", dataset=DatasetSettings(kind="image_folder", path=str(tmp_path / "nowhere")))
    process = EngineProcess(recipe, tmp_path / "runs")
    for _ in process.batches():
        pass
    assert process.outcome().exit_code == 2
    (failed,) = list_runs(Locations(tmp_path / "runs"))
    assert (failed.name, failed.state) == ("nowhere", RunState.FAILED)
    assert "there is no folder" in failed.message


def test_a_child_that_says_nothing_has_died() -> None:
    killed = ProcessOutcome.of_last_event(None, -9)
    assert (killed.ending, killed.exit_code) == (Ending.DIED, 3)
    assert "signal 9" in killed.message
    assert "instruction that this processor does not have" in ProcessOutcome.of_last_event(None, -4).message
    assert "run the recipe again" in killed.message
