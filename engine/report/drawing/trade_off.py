"""Accuracy against size, raw and zipped, and against latency, with those variants that no other beats in both."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from engine.contract.measurements import VariantMeasurement
from engine.contract.recipe import BASELINE
from engine.figures.figure import Better
from engine.figures.pareto_front import pareto_front
from engine.report.drawing.number_places import number_points
from engine.report.drawing.style import MUTED, SERIES, new_figure

HEIGHT_IN = 2.5
MAX_NAMED = 40
WIDE_RANGE = 8.0
"""Largest over smallest cost, from which on the axis is logarithmic."""
KIB = 1024
COSTS: tuple[tuple[str, Callable[[VariantMeasurement], float]], ...] = (
    ("file (KiB)", lambda one: one.model_bytes / KIB),
    ("zipped file (KiB)", lambda one: one.zip_bytes / KIB),
    ("latency p50 (ms)", lambda one: one.latency_p50_ms),
)


def draw_trade_off(variants: Sequence[VariantMeasurement], numbers: dict[str, int]) -> Figure:
    """Only variants that were measured on the same test images belong here."""
    figure, plots = new_figure(HEIGHT_IN, columns=len(COSTS), sharey=True)
    for plot, (title, cost) in zip(plots, COSTS, strict=True):
        _draw(plot, variants, [cost(one) for one in variants])
        plot.set_xlabel(title)
    plots[0].set_ylabel("accuracy on the test images")
    handles, labels = plots[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=3)
    for plot, (_, cost) in zip(plots, COSTS, strict=True):
        # Of many, such as the trials of a search, all numbers could not be read.
        named = variants if len(variants) <= MAX_NAMED else _front_of(variants, cost)
        names = [str(numbers[one.name]) for one in named]
        number_points(figure, plot, [cost(one) for one in named], [one.accuracy for one in named], names)
    return figure


def _front_of(
    variants: Sequence[VariantMeasurement], cost: Callable[[VariantMeasurement], float]
) -> list[VariantMeasurement]:
    on_front = _on_front(variants, [cost(one) for one in variants])
    return [one for one, is_there in zip(variants, on_front, strict=True) if is_there]


def _on_front(variants: Sequence[VariantMeasurement], costs: Sequence[float]) -> np.ndarray:
    """bool (variants,); what has diverged is no result, and beats nothing."""
    is_sound = np.array([not one.diverged for one in variants])
    on_front = np.zeros(len(variants), dtype=bool)
    if is_sound.any():
        worths = np.array([one.accuracy for one in variants])
        points = np.column_stack((np.array(costs)[is_sound], worths[is_sound]))
        on_front[is_sound] = pareto_front(points, (Better.LOWER, Better.HIGHER))
    return on_front


def _draw(plot: Axes, variants: Sequence[VariantMeasurement], costs: Sequence[float]) -> None:
    worths = [one.accuracy for one in variants]
    on_front = _on_front(variants, costs)
    along = sorted(map(int, np.flatnonzero(on_front)), key=costs.__getitem__)
    beaten = np.flatnonzero(~on_front)
    for place, one in enumerate(variants):
        low, high = one.accuracy_ci95
        plot.plot([costs[place]] * 2, (low, high), color=MUTED, linewidth=0.6, alpha=0.5, zorder=1)
    plot.step(np.take(costs, along), np.take(worths, along), where="post", color=SERIES[0], linewidth=1, zorder=2)
    plot.plot(np.take(costs, along), np.take(worths, along), "o", color=SERIES[0], zorder=5, label="not beaten")
    if len(beaten):
        behind = "beaten or diverged" if any(one.diverged for one in variants) else "beaten"
        others = (np.take(costs, beaten), np.take(worths, beaten))
        plot.plot(*others, "o", markerfacecolor="white", color=MUTED, zorder=3, label=behind)
    for place, one in enumerate(variants):
        if one.chain == BASELINE:
            plot.plot(costs[place], worths[place], "s", markersize=9, markerfacecolor="none", color=MUTED,
                      markeredgewidth=0.8, zorder=4, label="baseline" if place == 0 else None)  # fmt: skip
    if max(costs) > WIDE_RANGE * max(min(costs), 1e-9):
        plot.set_xscale("log")
        plot.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=6))
        plot.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
        plot.xaxis.set_minor_formatter(NullFormatter())
    plot.margins(x=0.12)
    plot.grid()
