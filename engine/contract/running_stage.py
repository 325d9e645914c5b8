"""Which stage a run computes, told from its events: where an engine died that could not say so itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.contract.events import (
    EngineEvent,
    EpochFinished,
    PlannedStage,
    RunCancelled,
    RunFailed,
    RunFinished,
    RunStarted,
    StageFailed,
    StageFinished,
    StagesPlanned,
    StageStarted,
)


@dataclass
class RunningStage:
    """Takes a run's events in their order."""

    starts: int = 0
    """How often the run was started or resumed."""
    _stages: dict[str, PlannedStage] = field(default_factory=dict)
    _running: str = ""
    _epoch: int = 0
    _place_before: tuple[str, int] | None = None
    """Where the start before this one ended without a word."""

    def take(self, event: EngineEvent) -> None:
        """The next event."""
        match event:
            case RunStarted():
                # A run that is resumed starts once more.
                self._place_before, self.starts = self.place, self.starts + 1
                self._stages, self._running = {one.key: one for one in event.stages}, ""
            case StagesPlanned():
                self._stages |= {one.key: one for one in event.stages}
            case StageStarted():
                self._running, self._epoch = event.stage, event.resumed_epoch
            case EpochFinished() if event.stage == self._running:
                self._epoch = event.epoch
            case StageFinished() | StageFailed() if event.stage == self._running:
                self._running = ""
            case RunFinished() | RunFailed() | RunCancelled():
                self._running = ""
            case _:
                pass

    @property
    def place(self) -> tuple[str, int] | None:
        """Key of the stage that is under way, and its last finished epoch, 0: none; None where none is under way.

        Of a run that ended without a word it is where it was cut off.
        """
        return (self._running, self._epoch) if self._running else None

    @property
    def was_cut_off_again(self) -> bool:
        """Whether the run, which has ended without a word, ended where it did the time before: resuming it did not get
        any further."""
        return self.place is not None and self.place == self._place_before

    @property
    def name(self) -> str:
        """Such as 'the stage "int8" of trial 3, chain "Q"'; empty where none is under way."""
        stage = self._stages.get(self._running)
        if stage is None:
            return ""
        chains = ", ".join(f'"{chain}"' for chain in stage.chains)
        of = [f"trial {stage.trial}"] if stage.trial is not None else []
        of += [f"{'chain' if len(stage.chains) == 1 else 'chains'} {chains}"] if chains else []
        return f'the stage "{stage.title}"{" of " if of else ""}{", ".join(of)}'
