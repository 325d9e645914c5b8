"""A run in progress that goes from one window to its successor: the engine notices nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.contract.events import BatchProgress, EngineEvent, FeatureProgress, PreparationProgress
from engine.contract.recipe import Recipe
from workers.run_controller import RunController

OVERTAKEN = (BatchProgress, FeatureProgress, PreparationProgress)
"""Of these only the last in a row says anything."""


@dataclass
class ToldEvents:
    """All that a run has told so far, as a window that shows it anew needs it."""

    events: list[EngineEvent] = field(default_factory=list)

    def add(self, events: Iterable[EngineEvent]) -> None:
        """Some more; progress that a later one overtakes is left out."""
        for event in events:
            if self.events and isinstance(event, OVERTAKEN) and type(self.events[-1]) is type(event):
                self.events.pop()
            self.events.append(event)


@dataclass(frozen=True)
class HandedRun:
    """What the successor needs."""

    controller: RunController
    """Of the engine that goes on."""
    recipe: Recipe
    name: str
    told: ToldEvents
    is_pausing: bool
    """Whether a pause was asked for that the engine has not taken yet."""
    is_shown: bool
    """Else the window shows something else meanwhile."""
