"""Which trials no other beats: the Pareto front of a search."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.contract.objectives import HIGHER_IS_BETTER
from engine.contract.search_settings import SearchSettings
from engine.figures.figure import Better
from engine.figures.pareto_front import pareto_front
from engine.search.trial_sampler import excesses

Figures = Mapping[str, float]


def front(settings: SearchSettings, trials: Mapping[int, Figures]) -> tuple[int, ...]:
    """Numbers of the trials on the front, by the first objective, the best first; of equal ones the first.

    Args:
        trials: number → its objectives and the figures of the floors; those that miss a floor are on no front.
    """
    kept = {number: one for number, one in trials.items() if not any(_missed(settings, one))}
    if not kept:
        return ()
    ways = [Better.HIGHER if HIGHER_IS_BETTER[name] else Better.LOWER for name in settings.objectives]
    points = np.array([[float(one[name]) for name in settings.objectives] for one in kept.values()])
    first_of = {tuple(point): number for number, point in reversed([*zip(kept, points, strict=True)])}
    on_front = zip(kept, points, pareto_front(points, ways), strict=True)
    found = [number for number, point, is_on in on_front if is_on and first_of[tuple(point)] == number]
    sign = -1 if ways[0] is Better.HIGHER else 1
    return tuple(sorted(found, key=lambda number: sign * kept[number][settings.objectives[0]]))


def _missed(settings: SearchSettings, figures: Figures) -> list[bool]:
    return [excess > 0 for excess in excesses(settings, figures)]
