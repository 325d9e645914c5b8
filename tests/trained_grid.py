"""A grid that is trained once, and searches on it: what each found, in how many seconds of training."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from engine.chain.run import run_recipe
from engine.contract.events import EngineEvent, EpochFinished, StageFinished, StageStarted, TrialFinished
from engine.contract.recipe import Recipe
from engine.search.search_run import search_study
from engine.store.locations import Locations
from engine.training.control import Control
from tests.hypervolume import hypervolume

Sampler = Literal["random", "tpe"]


@dataclass(frozen=True)
class Trial:
    """One that has ended."""

    spent_s: float
    """Of all stages that the search needed so far, each once, as long as they took when they were computed."""
    values: dict[str, float]
    """Empty where it was stopped."""


@dataclass(frozen=True)
class Searched:
    """One search."""

    trials: tuple[Trial, ...]

    @property
    def seconds(self) -> float:
        return self.trials[-1].spent_s

    @property
    def stopped(self) -> int:
        return sum(not one.values for one in self.trials)

    def volume(self, trials: int | None = None) -> float:
        """Of the front after the first trials; None: after all."""
        return _volume(self.trials[:trials])

    def volume_within(self, seconds: float) -> float:
        """Of the front that was found by then."""
        return _volume(one for one in self.trials if one.spent_s <= seconds)


@dataclass
class TrainedGrid:
    """A store that holds every stage of the grid, after the first search; what comes later computes next to nothing."""

    study: Callable[[Sampler, bool], Recipe]
    """Its recipe with this sampler; and whether weak trials are stopped."""
    locations: Locations
    took: dict[str, float] = field(default_factory=dict)
    """Seconds of each stage when it was computed."""

    def search(self, sampler: Sampler, stops: bool, seed: int = 0) -> Searched:
        """Until every point is tried or stopped."""
        events: list[EngineEvent] = []
        run_recipe(
            self.study(sampler, stops), self.locations, Control(), events.append, lambda directory: None,
            study=lambda one: search_study(one, seed),
        )  # fmt: skip
        return Searched(tuple(self._trials(events)))

    def _trials(self, events: list[EngineEvent]) -> Iterable[Trial]:
        began: set[str] = set()
        epochs: dict[str, dict[int, float]] = {}
        """Of stages that have no end so far: of those that were stopped, all that they took."""
        for event in events:
            if isinstance(event, StageFinished):
                if not event.reused:
                    self.took[event.stage] = event.seconds
                epochs.pop(event.stage, None)
                began.add(event.stage)
            elif isinstance(event, StageStarted) and event.stage not in began:
                epochs.setdefault(event.stage, {})
            elif isinstance(event, EpochFinished) and event.stage in epochs:
                epochs[event.stage][event.epoch] = event.whole_seconds or event.seconds
            elif isinstance(event, TrialFinished):
                stopped_s = sum(sum(one.values()) for one in epochs.values())
                yield Trial(sum(self.took[stage] for stage in began) + stopped_s, event.values)


def _volume(trials: Iterable[Trial]) -> float:
    return hypervolume(one.values for one in trials if one.values)
