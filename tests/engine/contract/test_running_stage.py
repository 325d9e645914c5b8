"""Where a run was cut off, told from its events, and whether it was cut off there twice in a row."""

from __future__ import annotations

import pytest

from engine.contract.events import (
    EngineEvent,
    EpochFinished,
    PlannedStage,
    RunCancelled,
    RunStarted,
    StageFinished,
    StageStarted,
)
from engine.contract.running_stage import RunningStage

BASELINE = PlannedStage(key="a", parent=None, title="Baseline", kind="baseline")
PRUNED = PlannedStage(key="b", parent="a", title="pruning 80 %", kind="step", chains=("P",))
START = RunStarted(run="one", directory="/runs/one", name="one", recipe="", stages=(BASELINE, PRUNED))
DONE = StageFinished(stage="a", seconds=1.0)


def epoch(number: int) -> EpochFinished:
    return EpochFinished(
        stage="b", epoch=number, epochs=9, loss=1.0, accuracy=0.5, validation_loss=1.0, validation_accuracy=0.5,
        learning_rate=1e-3, seconds=1.0,
    )  # fmt: skip


def begun(resumed_epoch: int = 0) -> StageStarted:
    return StageStarted(stage="b", resumed_epoch=resumed_epoch)


@pytest.mark.parametrize(
    ("events", "again"),
    [
        ([START, DONE, begun()], False),
        ([START, DONE, begun(), START, DONE, begun()], True),
        ([START, DONE, begun(), epoch(1), START, DONE, begun(1)], True),
        # It got further, so it may get to its end.
        ([START, DONE, begun(), epoch(1), START, DONE, begun(1), epoch(2)], False),
        ([START, DONE, begun(), START, StageStarted(stage="a")], False),
        ([START, DONE, begun(), RunCancelled(), START, DONE, begun()], False),
        ([START, DONE, begun(), START, DONE, begun(), RunCancelled()], False),
        ([START, DONE, begun(), START, START, DONE, begun()], False),
    ],
)
def test_whether_it_ended_there_twice_in_a_row(events: list[EngineEvent], again: bool) -> None:
    run = RunningStage()
    for event in events:
        run.take(event)
    assert run.was_cut_off_again == again
    if again:
        assert run.name == 'the stage "pruning 80 %" of chain "P"'
