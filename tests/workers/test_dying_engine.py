"""An engine that dies without a word: what is said names the stage, and whether it died there before."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from engine.contract.events import RunCancelled, StageStarted, event_line
from engine.report.reported_run import read_run
from engine.store.event_log import EventLog
from engine.store.repeated_death import died_there_before
from tests.small_study import small_recipe
from workers import engine_process
from workers.engine_process import EngineProcess
from workers.process_outcome import Ending, ProcessOutcome

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")


def signalled(process: EngineProcess, number: int, cancels: bool = False) -> ProcessOutcome:
    """How an engine ends that gets a signal in its first stage, as a native library's own check sends it."""
    for batch in process.batches():
        if any(isinstance(event, StageStarted) for event in batch):
            os.kill(process.pid, number)
            if cancels:
                process.cancel()
    return process.outcome()


@pytest.fixture(scope="module")
def dead(tmp_path_factory: pytest.TempPathFactory, heart_folder: Path) -> tuple[Path, ProcessOutcome]:
    """The folder of a run whose engine has died once, and what was said."""
    root = tmp_path_factory.mktemp("runs")
    outcome = signalled(EngineProcess(small_recipe(heart_folder), root), signal.SIGABRT)
    (directory,) = (root / "runs").iterdir()
    return directory, outcome


def test_the_stage_is_named_and_memory_is_not_blamed(dead: tuple[Path, ProcessOutcome]) -> None:
    directory, outcome = dead
    assert outcome.ending is Ending.DIED
    assert '(signal 6) in the stage "Baseline' in outcome.message
    assert "memory" not in outcome.message
    assert not outcome.died_again
    assert 'cut off, in the stage "Baseline' in read_run(directory).unfinished


def test_a_resumed_run_that_dies_there_again_says_so(
    dead: tuple[Path, ProcessOutcome], heart_folder: Path, tmp_path: Path
) -> None:
    directory, _ = dead
    shutil.copytree(directory.parents[1], tmp_path, dirs_exist_ok=True)
    process = EngineProcess(small_recipe(heart_folder), tmp_path, resumed_run=directory.name)
    outcome = signalled(process, signal.SIGABRT)
    assert outcome.died_again
    assert "as it did the time before" in outcome.message
    assert "take that step or setting out of the recipe" in outcome.message
    assert "run the recipe again" not in outcome.message


def test_a_new_run_of_the_study_is_held_against_the_last_one(dead: tuple[Path, ProcessOutcome], tmp_path: Path) -> None:
    directory, _ = dead
    first, other, second = (
        shutil.copytree(directory, tmp_path / name)
        for name in ("20260131-142501-hearts-0001", "20260131-142502-lungs-0002", "20260131-142503-hearts-0003")
    )
    assert died_there_before(second)
    assert not died_there_before(first)
    assert not died_there_before(other)
    with (first / "events.jsonl").open("a", encoding="utf-8") as log:
        log.write(event_line(RunCancelled()) + "\n")
    assert not died_there_before(second)


def test_one_that_has_to_be_killed_to_be_cancelled_has_not_died(
    heart_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_process, "ASKED_S", 0.2)
    monkeypatch.setattr(engine_process, "TERMINATED_S", 0.2)
    outcome = signalled(EngineProcess(small_recipe(heart_folder), tmp_path), signal.SIGSTOP, cancels=True)
    assert outcome.ending is Ending.CANCELLED
    (directory,) = (tmp_path / "runs").iterdir()
    assert isinstance(EventLog(directory / "events.jsonl").read_new()[-1], RunCancelled)
