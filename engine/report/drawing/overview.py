"""All variants at a glance: accuracy with its interval, size raw and zipped, latency against the baseline."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from engine.contract.measurements import VariantMeasurement
from engine.contract.recipe import BASELINE
from engine.report.drawing.style import INK, MUTED, SERIES, new_figure

ROW_IN, FRAME_IN = 0.24, 0.85
KIB = 1024


def draw_overview(variants: Sequence[VariantMeasurement], numbers: dict[str, int]) -> Figure:
    """A row per variant, the first on top."""
    rows = range(len(variants))
    figure, (accuracy, size, latency) = new_figure(
        FRAME_IN + ROW_IN * len(variants), columns=3, sharey=True, width_ratios=(3, 3, 2.4)
    )
    for row, one in zip(rows, variants, strict=True):
        colour = MUTED if one.chain == BASELINE else SERIES[0]
        low, high = one.accuracy_ci95
        accuracy.plot((low, high), (row, row), color=colour, linewidth=1.4, solid_capstyle="butt")
        accuracy.plot(one.accuracy, row, "o", color=colour)
        size.barh(row, one.model_bytes / KIB, height=0.62, color=colour, alpha=0.35, linewidth=0)
        size.barh(row, one.zip_bytes / KIB, height=0.26, color=colour, linewidth=0)
        if one.is_timed_in_turn:
            low, high = one.latency_ratio_ci95
            latency.plot((low, high), (row, row), color=colour, linewidth=1.4, solid_capstyle="butt")
            latency.plot(one.latency_ratio, row, "o", color=colour)
        else:
            latency.text(0.5, row, "not timed", va="center", ha="center", color=MUTED, fontsize=6.5,
                         transform=latency.get_yaxis_transform())  # fmt: skip
    baseline = next((one for one in variants if one.chain == BASELINE), variants[0])
    accuracy.axvline(baseline.accuracy, color=MUTED, linewidth=0.7, linestyle=(0, (3, 2)), zorder=0)
    latency.axvline(1, color=MUTED, linewidth=0.7, linestyle=(0, (3, 2)), zorder=0)
    accuracy.set_yticks(list(rows), [f"({numbers[one.name]}) {one.name}" for one in variants])
    accuracy.set_ylim(len(variants) - 0.4, -0.6)
    accuracy.set_xlabel("accuracy\n(95 % interval)")
    size.set_xlabel("file (KiB)\npale: raw, dark: zipped")
    latency.set_xlabel("latency, × baseline\n(95 % interval)")
    size.set_xlim(left=0)
    latency.set_xlim(left=0)
    for plot in (accuracy, size, latency):
        plot.grid(axis="x")
        plot.tick_params(axis="y", length=0, labelcolor=INK)
    return figure
