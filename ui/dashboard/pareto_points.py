"""The points of two figures: values, intervals, where each stands, and what is said of it. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.advice.differences import Differences
from engine.advice.repeated_chains import JudgedChains
from engine.advice.standing import Standing, standings
from engine.contract.measurements import VariantMeasurement
from engine.figures.figure import Better, Figure, Interval
from engine.figures.variant_figures import FIGURES, baselines
from engine.language.speech import mark, tr
from ui.figure_names import one_line

STANDING_WORDS = {
    Standing.FRONT: mark("On the front: no other file is as good in both and better in one."),
    Standing.OPEN: mark("May be as good: another file measured better, but not beyond the noise."),
    Standing.DOMINATED: mark("Another file is really better, and no worse in either."),
    Standing.DIVERGED: mark("Its training diverged: its figures are no result."),
}
SPAN_FOR_LOG = 10
"""A scale is offered as logarithmic where the largest value is more than this times the smallest."""


@dataclass(frozen=True)
class ParetoPoint:
    """One variant, or the means of one chain."""

    name: str
    file: str
    """The variant whose file it is: of several repetitions the first."""
    x: float
    y: float
    x_interval: Interval | None
    y_interval: Interval | None
    standing: Standing
    tip: str
    group: int = 0
    """Of files that compare; each has a front of its own."""


def pareto_points(
    judged: JudgedChains, x: Figure, y: Figure, differences: Differences | None = None
) -> tuple[ParetoPoint, ...]:
    """Those that have both figures, of the study's own test images; what is on the front comes first.

    Args:
        differences: how they are compared; None: as variants of one run.
    """
    variants = judged.variants
    differences, found = differences or Differences(variants), []
    named = {variant.name: variant for variant in variants}
    means = [tr("means of {repetitions} repetitions", repetitions=judged.repetitions)] if judged.repetitions > 1 else []
    for name, standing in standings(variants, (x, y), differences).items():
        variant = named[name]
        numbers = [differences.number(figure, variant) for figure in (x, y)]
        assert numbers[0] is not None
        assert numbers[1] is not None
        said = [f"{one_line(figure)}: {differences.text(figure, variant)}" for figure in (y, x)]
        across, up = (figure.interval(variant) if figure.interval else None for figure in (x, y))
        tip = "\n".join((name, *means, *said, tr(STANDING_WORDS[standing])))
        found.append(ParetoPoint(name, judged.files[name], numbers[0], numbers[1], across, up, standing, tip))
    return best_first(found)


def best_first(points: Iterable[ParetoPoint]) -> tuple[ParetoPoint, ...]:
    """What is on a front, then what may be as good, then the others."""
    return tuple(sorted(points, key=lambda point: list(Standing).index(point.standing)))


def offered_figures(variants: Sequence[VariantMeasurement]) -> tuple[Figure, ...]:
    """The figures that have a better way, and that a variant has."""
    of_branch = baselines(variants)
    compares_images = len({variant.setting for variant in variants}) > 1
    return tuple(
        figure
        for figure in FIGURES
        if figure.better is not Better.NEITHER
        and (compares_images or not figure.compares_images)
        and any(figure.number(variant, of_branch[variant.branch]) is not None for variant in variants)
    )


def spans_orders(values: Sequence[float]) -> bool:
    """Whether a logarithmic scale shows them better."""
    return bool(values) and min(values) > 0 and max(values) > SPAN_FOR_LOG * min(values)
