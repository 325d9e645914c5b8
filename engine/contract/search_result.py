"""What a search found, and what became of its trials."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from engine.contract.measurements import Measured


class FrontPoint(Measured):
    """What a search found: no other trial is better in one objective without being worse in another."""

    trial: int
    values: dict[str, float]
    """Objective → its value, as the variant has it."""
    settings: dict[str, Any]
    """Place in the recipe → what the trial had there."""
    variant: str
    """The name of its file among the variants."""
    recipe: str
    """The recipe that gives it alone, relative to the run's directory."""


class StoppedTrial(Measured):
    """A trial that was not worth computing to its end."""

    trial: int
    settings: dict[str, Any]
    """Place in the recipe → what the trial had there."""
    reason: str
    epoch: int | None = None
    """The last that its baseline trained; None: its baseline is whole, and its chain was not computed."""


class SearchResult(Measured):
    """What a search found."""

    objectives: tuple[str, ...]
    floors: dict[str, float] = Field(default_factory=dict)
    front: tuple[FrontPoint, ...]
    """By the first objective, the best first."""
    trials: int
    """That were computed, with those that were stopped early."""
    stopped: int = 0
    """Trials whose baseline was too weak to train on, or for their chain to be worth computing."""
    stopped_trials: tuple[StoppedTrial, ...] = ()
    """Each of them, in order."""
    refused: int = 0
    """Settings that the pre-flight refused; they are no trials."""
    failed: int = 0
    note: str = ""
    """What there is to know before the front is believed."""
