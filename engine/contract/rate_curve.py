"""What a search for a learning rate found: losses over rates, and the rate to train with."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.contract.training_settings import TrainingSettings

MAX_RATE_OF_RECIPE = 10.0
"""As `training.learning_rate` declares it."""


class TriedRate(BaseModel):
    """One batch of the search; losses are mean cross-entropies in nats."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    rate: float
    batch_loss: float
    """What the training lowers, of the batch before its update."""
    loss: float
    """Of the held-out images after the update."""
    smoothed_loss: float
    """Exponential mean of `loss` up to here."""


class RateSuggestion(BaseModel):
    """A rate to train with, and what lies around it; each with two significant digits."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    rate: float
    """Where the smoothed loss falls fastest."""
    low: float
    high: float
    """The ends of the range of rates that are reasonable too."""
    lowest: float
    """Where the smoothed loss is lowest."""


class RateCurve(BaseModel):
    """The losses of a short training in which the learning rate rises from batch to batch (Smith 2017, section 3.3)."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, populate_by_name=True)

    schema_version: Literal[1] = Field(1, alias="schema")
    setting: str = ""
    """The image setting that was tried; empty where the recipe has one only."""
    optimizer: str
    batch_size: int
    held_out_images: int
    """How many images the loss is of."""
    start_loss: float
    """Of the held-out images before the first update, in nats."""
    tried: tuple[TriedRate, ...]
    """In rising order of the rates."""
    planned_batches: int
    diverged: bool
    """Whether the loss rose so far that the rest was not tried."""
    current_rate: float
    """What the recipe trains with now; the program's own choice where the recipe leaves it to that."""
    head_rate_ratio: float
    """The head's rate divided by the others', which it keeps; 1 where they are the same."""
    suggestion: RateSuggestion | None
    remark: str = ""
    """Why there is no suggestion, or why it is uncertain, as a sentence; empty where it is as sure as it can be."""
    seconds: float
    """From the first batch to the last."""


def with_rate(training: TrainingSettings, rate: float, head_rate_ratio: float) -> TrainingSettings:
    """The settings with another learning rate; a head's rate of its own keeps its ratio, as in the search.

    Args:
        rate: above 0, at most 10.
        head_rate_ratio: as the curve has it.
    """
    own = min(rate * head_rate_ratio, MAX_RATE_OF_RECIPE) if training.head_learning_rate else 0.0
    head = float(f"{own:.2g}")
    return training.model_copy(update={"learning_rate": rate, "head_learning_rate": head})
