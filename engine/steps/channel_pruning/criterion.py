"""What a criterion declares, and what it is shown of the channels among which it chooses. No TensorFlow."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

import numpy as np

from engine.contract.registry import Registry, nearest_name


class Reading(StrEnum):
    """What a criterion reads of a network."""

    WEIGHTS = "weights"
    SCALES = "scales of batch normalisation"
    VARIANCES = "variances over images"
    CORRELATIONS = "correlations over images"
    GRADIENTS = "gradients over images"


class Substitute(StrEnum):
    """What stands for a removed channel in the layers after it."""

    NOTHING = "nothing"
    MEAN = "its mean"
    PARTNER = "the channel that is most like it"


@dataclass(frozen=True)
class SeenChannels:
    """Groups that the same layers make. What was not asked for is empty."""

    filters: Sequence[np.ndarray] = field(default=(), repr=False)
    """Of each layer that makes them: float32 (groups, values), what computes a channel."""
    scales: Sequence[np.ndarray] = field(default=(), repr=False)
    """Of each batch normalisation behind: |γ|, float32 (groups,)."""
    variances: Sequence[np.ndarray] = field(default=(), repr=False)
    """Of each layer that takes them: over images and places, float64 (groups,)."""
    determinations: Sequence[np.ndarray] = field(default=(), repr=False)
    """Of each layer that takes them: the squared correlation of each two, float64 (groups, groups), 0 to 1."""
    changes: Sequence[np.ndarray] = field(default=(), repr=False)
    """At each gate: the squared first-order change of the loss without the channel, float64 (groups,)."""
    generator: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0), repr=False)
    """The only source of chance."""


class Criterion(ABC):
    """Tells which channels matter, named in a recipe's `criterion`."""

    key: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    """Which channels go first, in one sentence."""
    paper: ClassVar[str]
    """Who described it."""
    reads: ClassVar[Reading]
    substitute: ClassVar[Substitute] = Substitute.NOTHING

    @abstractmethod
    def scores(self, seen: SeenChannels) -> np.ndarray:
        """float64 (groups,), 0 and above: the higher, the longer a group stays."""


CRITERIA: Registry[Criterion] = Registry("engine.steps.channel_pruning.criteria", Criterion, "criterion")


def known_criterion(key: str) -> str:
    """The key itself.

    Raises:
        ValueError: no criterion has it; the sentence names the nearest one.
    """
    if key in CRITERIA:
        return key
    near = nearest_name(key, CRITERIA.keys())
    suggestion = f' did you mean "{near}"?' if near else ""
    raise ValueError(f"there is no criterion of this name;{suggestion} known: {', '.join(CRITERIA)}")


def averaged(parts: Sequence[np.ndarray]) -> np.ndarray:
    """The mean over several layers, of each relative to its own mean, so that none outweighs the others; float64."""
    relative = [part.astype(np.float64) / max(float(part.mean()), np.finfo(float).tiny) for part in parts]
    found: np.ndarray = np.mean(relative, axis=0)
    return found
