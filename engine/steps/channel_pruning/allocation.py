"""How many channels each layer keeps, so that the whole network reaches its target. No TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from engine.contract.errors import NutshellError
from engine.steps.channel_pruning.channel_costs import ChannelCosts, Measure

BISECTIONS = 40

Allocation = Literal["uniform", "global", "sensitivity"]

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


@dataclass(frozen=True)
class DamageCurve:
    """How far the outputs move without some channels of one of the tied layers."""

    removed: np.ndarray = field(repr=False)
    """int64 (points,), rising from 0: groups that are gone, the lowest scores first."""
    divergence: np.ndarray = field(repr=False)
    """float64 (points,): mean Kullback-Leibler divergence from the whole network's probabilities, in nats."""


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


def by_damage(curves: Sequence[DamageCurve], prices: Sequence[float]) -> Ideal:
    """Groups go where they do the least damage for what they save, as if layers did not depend on each other.

    Of each curve the convex hull from below is followed, so that a layer loses its groups in the order of damage per
    saving; the strength is the share of all savings.

    Args:
        prices: what one group of each of the tied layers saves.
    """
    stretches = sorted(
        (slope / max(price, np.finfo(float).tiny), place, groups)
        for place, (curve, price) in enumerate(zip(curves, prices, strict=True))
        for slope, groups in _hull(curve)
    )
    counts = [int(curve.removed[-1]) + 1 for curve in curves]
    total = sum(groups * prices[place] for _, place, groups in stretches)

    def ideal(strength: float) -> list[float]:
        kept, left = [float(count) for count in counts], strength * total
        for _, place, groups in stretches:
            saving = groups * prices[place]
            part = min(1.0, left / saving) if saving > 0 else 1.0
            kept[place] -= part * groups
            left -= part * saving
            if left <= 0:
                break
        return kept

    return ideal


def _hull(curve: DamageCurve) -> list[tuple[float, int]]:
    """Damage of each group and number of groups, of each stretch of the lower convex hull, from the first on."""
    # With more channels gone less may be lost by chance; nothing is gained by that.
    damage, at, stretches = np.maximum.accumulate(curve.divergence), 0, []
    while at < len(damage) - 1:
        slopes = (damage[at + 1 :] - damage[at]) / (curve.removed[at + 1 :] - curve.removed[at])
        following = at + 1 + int(np.flatnonzero(slopes == slopes.min())[-1])
        stretches.append((float(slopes.min()), int(curve.removed[following] - curve.removed[at])))
        at = following
    return stretches


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
