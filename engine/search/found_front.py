"""Which trials no other beats: the Pareto front of a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.contract.objectives import HIGHER_IS_BETTER
from engine.contract.search_settings import SearchSettings
from engine.search.trial_sampler import excesses

Figures = Mapping[str, float]


def front(settings: SearchSettings, trials: Mapping[int, Figures]) -> tuple[int, ...]:
    """Numbers of the trials on the front, by the first objective, the best first; of equal ones the first.

    Args:
        trials: number → its objectives and the figures of the floors; those that miss a floor are on no front.
    """
    kept = {number: _signed(settings, one) for number, one in trials.items() if not any(_missed(settings, one))}
    found = [
        number
        for number, own in kept.items()
        if not any(_beats(other, own) or (other == own and before < number) for before, other in kept.items())
    ]
    return tuple(sorted(found, key=lambda number: kept[number]))


def _missed(settings: SearchSettings, figures: Figures) -> list[bool]:
    return [excess > 0 for excess in excesses(settings, figures)]


def _signed(settings: SearchSettings, figures: Figures) -> tuple[float, ...]:
    """Each objective so that less is better."""
    return tuple(-figures[name] if HIGHER_IS_BETTER[name] else figures[name] for name in settings.objectives)


def _beats(one: Sequence[float], other: Sequence[float]) -> bool:
    return all(a <= b for a, b in zip(one, other, strict=True)) and one != other
