"""How many channels each layer keeps, so that the whole network reaches its target. No TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.contract.errors import NutshellError
from engine.steps.channel_pruning.channel_costs import ChannelCosts, Measure

BISECTIONS = 40

Ideal = Callable[[float], Sequence[float]]
"""A strength from 0 to 1 → how many groups each of the tied layers would keep, if they could be halved."""


@dataclass(frozen=True)
class ChannelTarget:
    """What share of which cost is to remain at most."""

    measure: Measure
    share: float


@dataclass(frozen=True)
class CountRule:
    """Which numbers of channels a layer may have."""

    multiple_of: int
    minimum: int

    def allowed(self, count: int) -> np.ndarray:
        """int64, rising: the multiples that are not too few, and the count that there is."""
        multiples = np.arange(self.multiple_of, count, self.multiple_of)
        return np.append(multiples[multiples >= self.minimum], count)


class OutOfReach(NutshellError):
    """The target lies below what the rule for counts leaves."""

    def __init__(self, target: ChannelTarget, share: float, rule: CountRule) -> None:
        super().__init__(
            f"{target.measure} = {target.share:g} is out of reach: with multiple_of = {rule.multiple_of} and "
            f"minimum_channels = {rule.minimum} at least {share:.3f} remains; lower these, or raise the target."
        )
        self.share = share


def uniform(counts: Sequence[int]) -> Ideal:
    """The same share of every layer goes."""
    return lambda strength: [count * (1 - strength) for count in counts]


def by_scores(scores: Sequence[np.ndarray]) -> Ideal:
    """The groups of the lowest scores go, wherever they are; scores are relative to their layers' mean."""
    means = [max(float(np.mean(own)), np.finfo(float).tiny) for own in scores]
    relative = [np.sort(own / mean) for own, mean in zip(scores, means, strict=True)]
    every = np.sort(np.concatenate(relative))

    def ideal(strength: float) -> list[float]:
        gone = round(strength * len(every))
        threshold = every[gone - 1] if gone else -np.inf
        return [len(own) - float(np.searchsorted(own, threshold, side="right")) for own in relative]

    return ideal


def kept_counts(
    counts: Sequence[int], ideal: Ideal, costs: ChannelCosts, whole: int, target: ChannelTarget, rule: CountRule
) -> list[int]:
    """The number of groups that each of the tied layers keeps, by the weakest strength that reaches the target.

    Rounding may remove more than it takes; then layers get channels back, the most rounded first, as long as the
    target is still met.

    Args:
        counts: groups that there are now.
        whole: the cost that the target's share is of.

    Raises:
        OutOfReach: no strength reaches the target.
    """
    allowed = [rule.allowed(count) for count in counts]
    limit = target.share * whole

    def rounded(strength: float) -> list[int]:
        wanted = ideal(strength)
        return [int(own[np.abs(own - one).argmin()]) for own, one in zip(allowed, wanted, strict=True)]

    def reached(kept: Sequence[int]) -> bool:
        return costs.of(kept)[target.measure] <= limit

    weak, strong = 0.0, 1.0
    if reached(rounded(weak)):
        return rounded(weak)
    if not reached(rounded(strong)):
        raise OutOfReach(target, costs.of(rounded(strong))[target.measure] / whole, rule)
    for _ in range(BISECTIONS):
        middle = (weak + strong) / 2
        weak, strong = (weak, middle) if reached(rounded(middle)) else (middle, strong)
    kept, wanted = rounded(strong), ideal(weak)
    for place in sorted(range(len(kept)), key=lambda one: kept[one] - wanted[one]):
        more = allowed[place][allowed[place] > kept[place]]
        if len(more) and kept[place] < wanted[place]:
            fuller = [*kept[:place], int(more[0]), *kept[place + 1 :]]
            kept = fuller if reached(fuller) else kept
    return kept
