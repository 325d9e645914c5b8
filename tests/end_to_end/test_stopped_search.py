"""A search that stops trainings between two epochs: told, resumed, and finished later as if nothing had been."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.chain.run import run_recipe
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.events import EngineEvent, EpochFinished, StageStarted, TrialFinished
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import Recipe
from engine.contract.run_result import RunResult
from engine.contract.search_settings import SearchSettings
from engine.contract.training_settings import TrainingSettings
from engine.contract.varied_recipe import varied
from engine.search.search_run import search_study
from engine.store.locations import Locations
from engine.training.control import Control
from tests.end_to_end.test_command_line import engines_of, run, write_recipe

RATE = "training.learning_rate"
RATES = (1e-2, 2e-2, 1e-7)
"""With the last one nothing is learned."""
EPOCHS = 6
SEED = 1
"""With which the sampler comes to the last rate last."""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """Dark and light noise, which one epoch tells apart."""
    folder, noise = tmp_path_factory.mktemp("noise"), np.random.default_rng(3)
    for label, name in enumerate(("dark", "light")):
        (folder / name).mkdir()
        for number in range(60):
            pixels = noise.integers(100 * label, 156 + 100 * label, (8, 8), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number:03d}.png")
    return Recipe(
        name="stopped",
        seed=SEED,
        dataset=DatasetSettings(kind="image_folder", path=str(folder), validation_fraction=0.4, test_fraction=0.1),
        images=ImageSettings(size=8, color="grayscale"),
        backbone=BackboneSettings(kind="resnet8", width=0.25),
        training=TrainingSettings(epochs=EPOCHS, batch_size=4, learning_rate=RATES[0]),
        search=SearchSettings(trials=3, vary={RATE: RATES}),
    )


def computed(recipe: Recipe, runs: Path) -> tuple[RunResult, list[EngineEvent]]:
    events: list[EngineEvent] = []
    study = {"study": search_study} if recipe.search else {}
    return run_recipe(recipe, Locations(runs), Control(), events.append, lambda _: None, **study), events


def test_a_training_that_lags_behind_stops_and_can_be_finished_later(recipe: Recipe, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    result, events = computed(recipe, runs)
    assert result.search is not None
    (stopped,) = result.search.stopped_trials
    assert (stopped.trial, stopped.settings, stopped.epoch) == (3, {RATE: 1e-7}, 1)
    reached = epochs_of(events)[-1].validation_accuracy
    said = f"at epoch 1 of 6 it reached {reached:.2f} on the validation images; 2 of 2 trials had more"
    assert stopped.reason == said
    assert (result.search.trials, result.search.stopped, result.search.failed) == (3, 1, 0)
    assert [one.state for one in events if isinstance(one, TrialFinished)] == ["done", "done", "stopped"]
    assert [one.trial for one in result.variants] == [1, 2]
    records = trials_of(Path(result.directory))
    assert (records[2]["state"], records[2]["reason"], records[2]["values"]) == ("stopped", said, {})
    assert len(epochs_of(events)) == 2 * EPOCHS + 1

    again, told = computed(recipe, runs)
    assert (again.stages_computed, again.search) == (0, result.search.model_copy(update={"front": again.search.front}))  # type: ignore[union-attr]
    assert [(one.epoch, one.validation_accuracy) for one in epochs_of(told)] == [
        (one.epoch, one.validation_accuracy) for one in epochs_of(events)
    ]

    alone = varied(recipe, stopped.settings)
    later, told = computed(alone, runs)
    assert [one.resumed_epoch for one in told if isinstance(one, StageStarted)] == [1]
    assert len(epochs_of(told)) == EPOCHS
    fresh, _ = computed(alone, tmp_path / "fresh")
    assert file_of(later) == file_of(fresh)

    # Whole in the store, it is still stopped: what a search finds does not depend on what was computed before.
    once_more, _ = computed(recipe, runs)
    assert trials_of(Path(once_more.directory))[2]["reason"] == said


def epochs_of(events: list[EngineEvent]) -> list[EpochFinished]:
    return [event for event in events if isinstance(event, EpochFinished)]


def trials_of(directory: Path) -> list[dict[str, object]]:
    return [
        {key: value for key, value in json.loads(line).items() if key != "seconds"}
        for line in (directory / "trials.jsonl").read_text().splitlines()
    ]


def file_of(result: RunResult) -> bytes:
    return (Path(result.directory) / result.variants[0].file).read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
def test_a_search_that_was_killed_stops_the_same_trials(recipe: Recipe, checkout: Path, tmp_path: Path) -> None:
    """Killed in the training of the second trial, and once more in that of the third, which is to be stopped."""
    assert recipe.search is not None
    several = recipe.search.model_copy(update={"trials": 5, "vary": {RATE: (*RATES, 2e-7, 3e-2)}})
    file = write_recipe(tmp_path / "search.toml", recipe.model_copy(update={"search": several}))
    whole = run(checkout, "run", file, "--runs", tmp_path / "whole", "--json", tmp_path / "whole.json")
    assert whole.returncode == 0, whole.stderr
    for trial in (2, 3):
        kill_in(checkout, file, tmp_path / "runs", trial)
    done = run(checkout, "run", file, "--runs", tmp_path / "runs", "--json", tmp_path / "killed.json")
    assert done.returncode == 0, done.stderr
    expected, found = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("whole", "killed"))
    assert trials_of(Path(found["directory"])) == trials_of(Path(expected["directory"]))
    assert found["search"]["stopped_trials"] == expected["search"]["stopped_trials"] != []
    assert "stopped, at epoch" in done.stdout


def test_settings_with_which_a_training_diverges_end_their_trial_only(recipe: Recipe, tmp_path: Path) -> None:
    """A rate and a decay that grow the weights tenfold in each batch."""
    decaying = recipe.training.model_copy(update={"epochs": 4, "optimizer": "adamw", "weight_decay": 1.0})
    search = SearchSettings(trials=2, vary={RATE: (RATES[0], 10.0)})
    result, events = computed(recipe.model_copy(update={"training": decaying, "search": search}), tmp_path)
    assert result.search is not None
    assert (result.search.trials, result.search.failed, len(result.search.front)) == (2, 1, 1)
    (failed,) = [one for one in events if isinstance(one, TrialFinished) and one.state == "failed"]
    assert "Training diverged in epoch" in failed.reason
    assert "give a lower learning rate than 10" in failed.reason


def kill_in(checkout: Path, recipe: Path, runs: Path, trial: int) -> None:
    """Kill the engine after the first epoch of a trial's training."""
    child = subprocess.Popen(
        [sys.executable, "main.py", "run", str(recipe), "--runs", str(runs)],
        cwd=checkout, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    for line in child.stdout:
        if line.startswith(f"Trial {trial - 1} of"):
            (engine,) = engines_of(child)
            log = max((runs / "runs").glob("*/events.jsonl"), key=lambda one: one.stat().st_mtime)
            known = log.read_text().count("epoch_finished")
            while log.read_text().count("epoch_finished") == known:
                time.sleep(0.02)
            os.kill(engine.pid, signal.SIGKILL)
            break
    child.communicate(timeout=30)
