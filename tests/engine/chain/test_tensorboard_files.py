"""A run's event files as TensorBoard reads them: whole after a crash, and without an epoch that is there twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.chain.run_directory import RunDirectory, write_event
from engine.chain.tensorboard_files import TensorBoardFiles
from engine.chain.tensorboard_names import LONGEST, stage_names
from engine.contract.events import EngineEvent, EpochFinished, PlannedStage, VariantMeasured
from tests.tensorboard_reader import curves, scalars, text
from tests.ui.study_events import BASELINE, PRUNING, epoch, study_events, until, variant

FIRST, SECOND = "stages/01 Baseline resnet18 ×0.25", "stages/02 pruning 80 % (PRN, PRQ, PR-int8)"
MOST_BYTES = 20_000
"""Of a study of sixteen epochs and six variants."""


@pytest.fixture
def events(tmp_path: Path) -> list[EngineEvent]:
    return study_events(tmp_path / "run")


def test_every_epoch_of_a_stage_and_every_variant_has_its_figures(tmp_path: Path, events: list[EngineEvent]) -> None:
    run = tmp_path / "run"
    with TensorBoardFiles(run) as files:
        for event in events:
            files.take(event)
    found = curves(run)
    assert [name for name in found if name.startswith("stages")] == [FIRST, SECOND]
    for name, stage in ((FIRST, BASELINE), (SECOND, PRUNING)):
        told = [event for event in events if isinstance(event, EpochFinished) and event.stage == stage]
        for tag, field in (
            ("loss/training", "loss"),
            ("loss/validation", "validation_loss"),
            ("accuracy/training", "accuracy"),
            ("accuracy/validation", "validation_accuracy"),
            ("learning_rate", "learning_rate"),
        ):
            assert found[name][tag] == [(one.epoch, float(np.float32(getattr(one, field)))) for one in told], tag
    assert found["variants/PRQ"]["variant/model_bytes"] == [(0, variant("PRQ").model_bytes)]
    assert set(found["variants/PRQ"]) == {
        "variant/accuracy", "variant/model_bytes", "variant/zip_bytes", "variant/latency_p50_ms"
    }  # fmt: skip
    assert "    [training]\n" in text(run / "tensorboard" / "recipe")
    assert sum(file.stat().st_size for file in (run / "tensorboard").rglob("*") if file.is_file()) < MOST_BYTES


def test_each_epoch_is_on_the_disk_when_it_is_told(tmp_path: Path, events: list[EngineEvent]) -> None:
    files = TensorBoardFiles(tmp_path / "run")
    for event in until(events, EpochFinished, 3):
        files.take(event)
    # Not closed, as a run that is killed leaves it.
    assert [step for step, _ in scalars(tmp_path / "run" / "tensorboard" / FIRST)["loss/training"]] == [1, 2, 3]


def test_a_run_that_continues_has_each_epoch_once(tmp_path: Path, events: list[EngineEvent]) -> None:
    directory = RunDirectory(tmp_path / "run")
    first = until(events, EpochFinished, 4)
    with directory.open_events() as log:
        killed = TensorBoardFiles(directory.path)
        for event in first:
            write_event(log, event)
            killed.take(event)
    (file,) = (directory.path / "tensorboard" / FIRST).iterdir()
    file.write_bytes(file.read_bytes()[:-7])
    # It tells the plan, and the epochs of the checkpoint, again.
    with TensorBoardFiles(directory.path, directory.path / "events.jsonl") as files:
        for event in events:
            files.take(event)
    assert [step for step, _ in curves(directory.path)[FIRST]["accuracy/validation"]] == list(range(1, 11))


def test_epochs_that_are_trained_again_replace_those_before(tmp_path: Path, events: list[EngineEvent]) -> None:
    with TensorBoardFiles(tmp_path / "run") as files:
        for event in until(events, EpochFinished, 4):
            files.take(event)
        for number in (2, 3):
            files.take(epoch(BASELINE, number, 10, begin_loss=0.3))
    found = scalars(tmp_path / "run" / "tensorboard" / FIRST)["loss/training"]
    assert [step for step, _ in found] == [1, 2, 3]
    assert found[2][1] == pytest.approx(epoch(BASELINE, 3, 10, begin_loss=0.3).loss)


def test_a_variant_that_is_told_again_has_its_last_figures(tmp_path: Path) -> None:
    with TensorBoardFiles(tmp_path) as files:
        for latency_ms in (3.5, 2.5):
            files.take(VariantMeasured(stage=BASELINE, variant=variant("PRN", latency_p50_ms=latency_ms)))
    assert curves(tmp_path)["variants/PRN"]["variant/latency_p50_ms"] == [(0, 2.5)]


def test_names_are_those_of_folders_on_every_system() -> None:
    chains = tuple(f"chain {place}" for place in range(6))
    stages = [
        PlannedStage(key="a", parent=None, title="64 px: baseline", kind="baseline", chains=chains, setting="64 px"),
        PlannedStage(key="b", parent="a", title="int8", kind="step", chains=chains, setting="64 px"),
        PlannedStage(key="c", parent="a", title="x" * 200, kind="step"),
    ]
    names = stage_names(stages)
    assert names["a"] == "01 64 px, baseline"
    assert names["b"] == "02 int8 (64 px; chain 0, chain 1, chain 2 and 3 more)"
    assert len(names["c"]) == LONGEST + 3
