"""Which stage a run computes, told from its events: where an engine died that could not say so itself."""

from __future__ import annotations

from engine.contract.events import (
    EngineEvent,
    PlannedStage,
    RunStarted,
    StageFailed,
    StageFinished,
    StagesPlanned,
    StageStarted,
)


class RunningStage:
    """Takes a run's events in their order."""

    def __init__(self) -> None:
        self._stages: dict[str, PlannedStage] = {}
        self._running = ""

    def take(self, event: EngineEvent) -> None:
        """The next event."""
        match event:
            case RunStarted():
                # A run that is resumed starts once more.
                self._stages, self._running = {one.key: one for one in event.stages}, ""
            case StagesPlanned():
                self._stages |= {one.key: one for one in event.stages}
            case StageStarted():
                self._running = event.stage
            case StageFinished() | StageFailed() if event.stage == self._running:
                self._running = ""
            case _:
                pass

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
