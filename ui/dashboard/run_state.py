"""What is known of a run: a fold over its events, the same live and read from its event log. No Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from pydantic import ValidationError

from engine.contract.events import (
    BatchProgress,
    DatasetReady,
    EngineEvent,
    EpochFinished,
    Notice,
    Paused,
    PlannedStage,
    PreparationProgress,
    Resumed,
    RunCancelled,
    RunFailed,
    RunFinished,
    RunStarted,
    StageFinished,
    StagePhase,
    StageStarted,
    VariantMeasured,
    parse_event,
)
from engine.contract.measurements import RunResult, VariantMeasurement


class StageStatus(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    REUSED = "from an earlier run"
    STOPPED = "stopped early"


@dataclass
class StageProgress:
    """One stage as far as it is."""

    plan: PlannedStage
    status: StageStatus = StageStatus.WAITING
    phase: str = ""
    done_fraction: float = 0.0
    seconds_left: float | None = None
    seconds: float = 0.0
    epochs: list[EpochFinished] = field(default_factory=list)


@dataclass
class RunState:
    """Everything that the dashboard shows."""

    started: RunStarted | None = None
    preparation: PreparationProgress | None = None
    dataset: DatasetReady | None = None
    stages: dict[str, StageProgress] = field(default_factory=dict)
    variants: dict[str, VariantMeasurement] = field(default_factory=dict)
    """Chain → its last measurement, in the order of the recipe."""
    log: list[str] = field(default_factory=list)
    paused: bool = False
    result: RunResult | None = None
    failure: RunFailed | None = None
    cancelled: RunCancelled | None = None

    @property
    def closed(self) -> bool:
        """Whether the run said how it ended."""
        return self.result is not None or self.failure is not None or self.cancelled is not None

    @property
    def current(self) -> StageProgress | None:
        return next((stage for stage in self.stages.values() if stage.status is StageStatus.RUNNING), None)

    @property
    def seconds_left(self) -> float | None:
        """Of the whole run; None before the stages are known."""
        if not self.stages:
            return None
        left = 0.0
        for stage in self.stages.values():
            if stage.status is StageStatus.WAITING:
                left += stage.plan.estimated_seconds
            elif stage.status is StageStatus.RUNNING:
                left += stage.plan.estimated_seconds if stage.seconds_left is None else stage.seconds_left
        return left

    @property
    def done_fraction(self) -> float:
        """Of the whole run, by estimated time, 0 to 1."""
        total = sum(stage.plan.estimated_seconds for stage in self.stages.values()) or 1.0
        done = sum(stage.plan.estimated_seconds * stage.done_fraction for stage in self.stages.values())
        return 1.0 if self.result else min(done / total, 1.0)

    def apply_all(self, events: Iterable[EngineEvent]) -> None:
        """Take events in their order."""
        for event in events:
            self.apply(event)

    def apply(self, event: EngineEvent) -> None:
        """Take one event."""
        match event:
            case RunStarted():
                self.started = event
                self.stages = {stage.key: StageProgress(stage) for stage in event.stages}
                self.log.append(f"Run {event.run}")
                self.log += [f"{finding.severity}: {finding.message}" for finding in event.findings]
            case PreparationProgress():
                self.preparation = event
            case DatasetReady():
                self.dataset = event
                self.preparation = None
                self._log_dataset(event)
            case StageStarted() | StagePhase() | BatchProgress() | EpochFinished() | StageFinished():
                if stage := self.stages.get(event.stage):
                    self._apply_to_stage(stage, event)
            case VariantMeasured():
                self.variants[event.variant.chain] = event.variant
            case Paused():
                self.paused = True
                self.log.append("Paused.")
            case Resumed():
                self.paused = False
                self.log.append("Going on.")
            case Notice():
                self.log.append(event.message)
            case RunFinished():
                self.result = event.result
                self.log.append(f"Done in {event.seconds:.0f} s.")
            case RunFailed():
                self.failure = event
                self.log.append(event.message)
            case RunCancelled():
                self.cancelled = event
                self.log.append(event.message)
            case _:
                pass

    def _log_dataset(self, event: DatasetReady) -> None:
        data = event.dataset
        cached = " (decoded by an earlier run)" if event.cached else ""
        self.log.append(f"Images: {data.train:,} train, {data.validation:,} validation, {data.test:,} test{cached}.")
        self.log += [f"Skipped {skipped.path}: {skipped.reason}" for skipped in data.skipped]

    def _apply_to_stage(self, stage: StageProgress, event: EngineEvent) -> None:
        match event:
            case StageStarted():
                stage.status, stage.phase = StageStatus.RUNNING, "starting"
                if event.resumed_epoch:
                    self.log.append(f"{stage.plan.title}: {event.resumed_epoch} epochs are there already.")
            case StagePhase():
                stage.phase = event.phase
                self.log.append(f"{stage.plan.title}: {event.phase}.")
            case BatchProgress():
                stage.phase = f"epoch {event.epoch} of {event.epochs}"
                done = event.epoch - 1 + event.batch / event.batches
                stage.done_fraction, stage.seconds_left = done / event.epochs, event.seconds_left
            case EpochFinished():
                stage.epochs.append(event)
                stage.done_fraction = event.epoch / event.epochs
            case StageFinished():
                stage.done_fraction, stage.seconds, stage.phase = 1.0, event.seconds, ""
                stage.seconds_left = 0.0
                stage.status = (
                    StageStatus.REUSED
                    if event.reused
                    else StageStatus.STOPPED
                    if event.stopped_early
                    else StageStatus.DONE
                )
                self.log.append(f"{stage.plan.title}: {stage.status}, {event.seconds:.0f} s.")
            case _:
                pass


def read_events(path: Path) -> list[EngineEvent]:
    """The events of a run's log; a half-written last line, or one of a later version, is left out.

    Raises:
        OSError: it cannot be read.
    """
    events: list[EngineEvent] = []
    for line in path.read_bytes().splitlines():
        try:
            events.append(parse_event(line))
        except ValidationError:
            continue
    return events
