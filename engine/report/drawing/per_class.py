"""How well each class is told: recall by variant, and confusion matrices."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from engine.contract.measurements import VariantMeasurement
from engine.report.drawing.style import INK, MUTED, new_figure, series

MAX_LINES = 8
"""Variants that colours and marks tell apart."""
MAX_CLASSES = 30
ROW_IN, FRAME_IN = 0.2, 0.85
MATRICES_PER_ROW = 3
MATRIX_IN, SMALL_MATRIX_IN = 2.35, 1.3
"""Of more than three classes, and of up to three."""
MAX_NUMBERED = 12
"""Classes up to which a cell has its count written in it."""
LONGEST_NAME = 24
DARK = 0.55
SHADES = LinearSegmentedColormap.from_list("shades", ("#ffffff", "#9ecae1", "#08519c"))


def draw_recall(variants: Sequence[VariantMeasurement], numbers: dict[str, int]) -> Figure:
    """At most `MAX_LINES` variants, and the `MAX_CLASSES` classes that are found least."""
    shown = variants[:MAX_LINES]
    classes = list(shown[0].per_class)
    least = {name: min(_recall(one, name) for one in shown) for name in classes}
    if len(classes) > MAX_CLASSES:
        classes = sorted(classes, key=least.__getitem__)[:MAX_CLASSES]
    figure, (plot,) = new_figure(FRAME_IN + ROW_IN * max(len(classes), 2) * (1 + len(shown) / 8))
    spread = 0.7 / max(len(shown), 1)
    for place, one in enumerate(shown):
        colour, mark = series(place)
        rows = [row + (place - (len(shown) - 1) / 2) * spread for row in range(len(classes))]
        values = [_recall(one, name) for name in classes]
        label = f"({numbers[one.name]}) {one.name}"
        plot.plot(values, rows, mark, color=colour, markersize=4, label=label, clip_on=False)
    for row in range(1, len(classes)):
        plot.axhline(row - 0.5, color="#e6e9ed", linewidth=0.6, zorder=0)
    plot.set_yticks(range(len(classes)), [_short(name) for name in classes])
    plot.set_ylim(len(classes) - 0.5, -0.5)
    plot.set_xlim(right=1.0)
    plot.margins(x=0.05)
    plot.set_xlabel("recall: share of the class's test images that is found")
    plot.grid(axis="x")
    plot.tick_params(axis="y", length=0)
    figure.legend(loc="outside right upper")
    return figure


def draw_confusions(variants: Sequence[VariantMeasurement], classes: Sequence[str], numbers: dict[str, int]) -> Figure:
    """Rows are true classes; shades are shares of the row."""
    columns = min(MATRICES_PER_ROW, len(variants))
    rows = ceil(len(variants) / columns)
    height = rows * (SMALL_MATRIX_IN if len(classes) <= 3 else MATRIX_IN)
    figure, plots = new_figure(height, rows, max(columns, 2))
    for plot, one in zip(plots, variants, strict=False):
        _draw_confusion(plot, np.asarray(one.confusion), classes)
        plot.set_title(f"({numbers[one.name]}) {_short(one.name, 24)}", fontsize=7, loc="center")
    for plot in plots[len(variants) :]:
        plot.set_visible(False)
    return figure


def _draw_confusion(plot: Axes, counts: np.ndarray, classes: Sequence[str]) -> None:
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    plot.imshow(shares, cmap=SHADES, vmin=0, vmax=1, interpolation="nearest")
    places = range(len(classes))
    if len(classes) <= MAX_NUMBERED:
        size = 8 if len(classes) <= 4 else 5.5
        for (row, column), count in np.ndenumerate(counts):
            colour = "white" if shares[row, column] > DARK else INK if count else MUTED
            plot.text(column, row, f"{count:,}", ha="center", va="center", fontsize=size, color=colour)
        plot.set_xticks(places, [_short(name, 12) for name in classes], rotation=0 if len(classes) <= 3 else 90)
        plot.set_yticks(places, [_short(name, 12) for name in classes])
    plot.tick_params(length=0, labelsize=6)
    plot.set_xlabel("predicted", fontsize=6.5, color=MUTED)
    plot.set_ylabel("true", fontsize=6.5, color=MUTED)
    for spine in plot.spines.values():
        spine.set_visible(True)


def _recall(variant: VariantMeasurement, name: str) -> float:
    figures = variant.per_class.get(name)
    return float("nan") if figures is None or figures.recall is None else figures.recall


def _short(name: str, most: int = LONGEST_NAME) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"
