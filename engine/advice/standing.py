"""Where variants stand among each other by some figures: on the front, behind it for certain, or perhaps as good."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from engine.advice.differences import Difference, Differences
from engine.contract.measurements import VariantMeasurement
from engine.figures.figure import Better, Figure
from engine.figures.pareto_front import pareto_front


class Standing(StrEnum):
    FRONT = "front"
    """No other was measured as good in all figures and better in one."""
    OPEN = "open"
    """Another was, but not beyond the noise: it may be as good."""
    DOMINATED = "dominated"
    """Another is really no worse in all figures, and really better in one."""
    DIVERGED = "diverged"
    """Its training diverged, so its figures are no result: it is never on the front, and beats nothing."""


def standings(
    variants: Sequence[VariantMeasurement], figures: Sequence[Figure], differences: Differences | None = None
) -> dict[str, Standing]:
    """Name → standing, of each variant that has all the figures and was measured on the study's own test images.

    Args:
        variants: of one run, baselines included.
        figures: such as size and accuracy; each has a better way.
        differences: how they are compared; None: as variants of one run.
    """
    differences = differences or Differences(variants)
    drawn, rows, found = [], [], {}
    for variant in variants:
        numbers = [differences.number(figure, variant) for figure in figures]
        if variant.dataset or None in numbers:
            continue
        if variant.diverged:
            found[variant.name] = Standing.DIVERGED
        else:
            drawn.append(variant)
            rows.append(numbers)
    if not drawn:
        return found
    values = np.array(rows, dtype=np.float64)
    better = [figure.better for figure in figures]
    on_front = pareto_front(values, better)
    costs = values * np.array([-1.0 if one is Better.HIGHER else 1.0 for one in better])
    for place, variant in enumerate(drawn):
        found[variant.name] = Standing.FRONT
        if not on_front[place]:
            rivals = np.flatnonzero(np.all(costs <= costs[place], axis=1))
            beaten = any(_clearly_beats(differences, drawn[rival], variant, figures) for rival in rivals)
            found[variant.name] = Standing.DOMINATED if beaten else Standing.OPEN
    return found


def _clearly_beats(
    differences: Differences, one: VariantMeasurement, other: VariantMeasurement, figures: Sequence[Figure]
) -> bool:
    """Whether no figure leaves it open that the other is better, and one figure is really worse."""
    is_better = False
    for figure in figures:
        found = differences.between(figure, one, other)
        if found not in (Difference.BETTER, Difference.SAME):
            return False
        is_better |= found is Difference.BETTER
    return is_better
