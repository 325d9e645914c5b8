"""The dashboard's state is a fold over events, live or from a log."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.contract.events import (
    BatchProgress,
    DatasetReady,
    EngineEvent,
    EpochFinished,
    Paused,
    Resumed,
    RunCancelled,
    RunFailed,
    RunStarted,
    StageFinished,
    StageStarted,
    VariantMeasured,
)
from tests.ui.study_events import (
    BASELINE,
    CHAINS,
    DYNAMIC,
    INT8,
    PRUNING,
    epoch,
    preparation_events,
    study_events,
    until,
    variant,
)
from ui.shown_run import ShownRun, StageStatus


def folded(*events: EngineEvent, directory: Path | None = None) -> ShownRun:
    state = ShownRun(directory)
    state.apply_all(events)
    return state


@pytest.fixture
def events(tmp_path: Path) -> list[EngineEvent]:
    return study_events(tmp_path / "run")


def test_a_whole_study(events: list[EngineEvent], tmp_path: Path) -> None:
    state = folded(*events)
    assert {stage.status for stage in state.stages.values()} == {StageStatus.DONE}
    assert [len(stage.epochs) for stage in state.stages.values()] == [10, 6, 0, 0]
    assert tuple(state.variants) == CHAINS
    assert state.closed
    assert state.done_fraction == 1.0
    assert state.directory == tmp_path / "run"
    assert state.samples("") == tmp_path / "run" / "samples.npz"


def test_images_are_read_before_any_stage(events: list[EngineEvent]) -> None:
    state = folded(*events[:2])
    assert state.preparation is not None
    assert (state.preparation.done, state.preparation.total) == (400, 1600)
    assert state.current is None
    assert folded(*events[:4]).preparation is None


def test_progress_and_time_left(events: list[EngineEvent]) -> None:
    state = folded(*until(events, BatchProgress, number=3))
    baseline = state.stages[BASELINE]
    assert state.current is baseline
    assert baseline.done_fraction == pytest.approx((2 + 17 / 35) / 10)
    assert baseline.seconds_left == pytest.approx(3.1 * 7.5)
    assert state.seconds_left == pytest.approx(3.1 * 7.5 + 48 + 2 + 3)
    assert state.done_fraction == pytest.approx(80 * baseline.done_fraction / 133)


def test_a_stage_without_an_estimate_moves_the_progress_too() -> None:
    started = preparation_events(Path("run"))[0]
    assert isinstance(started, RunStarted)
    stages = tuple(stage.model_copy(update={"estimated_seconds": 0.0}) for stage in started.stages)
    state = folded(started.model_copy(update={"stages": stages}), StageFinished(stage=BASELINE, seconds=0, reused=True))
    assert state.done_fraction == pytest.approx(0.25)


def test_how_stages_end() -> None:
    state = folded(
        *preparation_events(Path("run")),
        StageFinished(stage=BASELINE, seconds=3, reused=True),
        StageFinished(stage=PRUNING, seconds=3, stopped_early=True),
        StageFinished(stage=DYNAMIC, seconds=1),
    )
    ends = [stage.status for stage in state.stages.values()]
    assert ends == [StageStatus.REUSED, StageStatus.STOPPED, StageStatus.DONE, StageStatus.WAITING]


def test_epochs_that_are_trained_again_replace_the_earlier_ones() -> None:
    first, second, again = epoch(BASELINE, 1, 4), epoch(BASELINE, 2, 4), epoch(BASELINE, 2, 4, begin_loss=0.5)
    state = folded(*preparation_events(Path("run")), StageStarted(stage=BASELINE), first, second, again)
    assert state.stages[BASELINE].epochs == [first, again]


def test_the_last_measurement_of_a_variant_holds() -> None:
    events = [VariantMeasured(stage=INT8, variant=variant("int8", latency_p50_ms=ms)) for ms in (9.0, 0.5)]
    assert folded(*events).variants["int8"].latency_p50_ms == 0.5


@pytest.mark.parametrize(
    ("closing", "severity"),
    [(RunFailed(message="The disk is full.", exit_code=3), "error"), (RunCancelled(), "warning")],
)
def test_what_was_worked_on_when_it_ended_is_not_finished(
    events: list[EngineEvent], closing: RunFailed | RunCancelled, severity: str
) -> None:
    state = folded(*until(events, EpochFinished, number=12), Paused(), Resumed(), closing)
    assert state.stages[PRUNING].status is StageStatus.CUT_OFF
    assert state.stages[INT8].status is StageStatus.NOT_BEGUN
    assert state.stages[BASELINE].status is StageStatus.DONE
    assert state.closed
    assert not state.paused
    assert (state.log[-1].text, state.log[-1].severity) == (closing.message, severity)


def test_events_of_unknown_stages_are_let_pass() -> None:
    assert folded(epoch("of another run", 1, 2)).stages == {}


def test_a_run_whose_folder_was_moved_is_read_where_it_is_now(events: list[EngineEvent], tmp_path: Path) -> None:
    state = folded(*events, directory=tmp_path / "elsewhere")
    assert state.samples("") == tmp_path / "elsewhere" / "samples.npz"


def test_skipped_files_are_told_of(events: list[EngineEvent]) -> None:
    warnings = [entry.text for entry in folded(*events).log if entry.severity == "warning"]
    assert warnings == ["Skipped malignant/0231.png: it is cut off"]


def test_variants_and_images_of_several_settings_stand_side_by_side(events: list[EngineEvent], tmp_path: Path) -> None:
    ready = next(event for event in events if isinstance(event, DatasetReady))
    settings = ("64 px", "32 px")
    state = folded(
        *preparation_events(tmp_path),
        *(ready.model_copy(update={"setting": one, "samples": f"samples-{one}.npz"}) for one in settings),
        *(VariantMeasured(stage=INT8, variant=variant("baseline", setting=one)) for one in settings),
        directory=tmp_path,
    )
    assert list(state.variants) == ["baseline (64 px)", "baseline (32 px)"]
    assert [state.samples(one) for one in settings] == [tmp_path / f"samples-{one}.npz" for one in settings]
    told = [entry.text for entry in state.log if entry.text.startswith("Images")]
    assert [text.split(":")[0] for text in told] == ["Images at 64 px", "Images", "Images at 32 px"]
