"""What files lose of the recall of single classes, as text: for the window, the command line and the Markdown page."""

from __future__ import annotations

from collections.abc import Sequence

from engine.contract.measurements import RecallComparison, VariantMeasurement
from engine.contract.repeated_results import ChainSummary
from engine.figures.verdict_words import VERDICTS
from engine.measurement.target_verdict import points_text

RECALL_HEADS = (
    "class",
    "Δ recall, points\n(95 % CI)",
    "became\nwrong",
    "became\nright",
    "of test\nimages",
    "may lose\nat most",
    "loses at most\nso much",
)
RECALL_TITLE = "Recall against the baseline, on the same test images of the class"


def recall_rows(variants: Sequence[VariantMeasurement]) -> list[tuple[str, ...]]:
    """The variant's name and the figures of `RECALL_HEADS`; one row per variant and class that the target names."""
    return [
        (variant.name, *recall_cells(name, one))
        for variant in variants
        if variant.paired
        for name, one in variant.paired.recall.items()
    ]


def recall_cells(name: str, one: RecallComparison) -> tuple[str, ...]:
    """Of one class."""
    images = f"{one.images:,}" + (f" in {one.groups:,} groups" if one.groups else "")
    change = _change(one.difference, one.difference_ci95)
    return (name, change, f"{one.lost:,}", f"{one.won:,}", images, points_text(one.max_drop), VERDICTS[one.verdict])


def repeated_recall_lines(summary: Sequence[ChainSummary]) -> list[str]:
    """Each chain over the repetitions, a sentence per class that the target names."""
    return [
        f'{chain.name}: recall of "{name}" {_change(one.mean, one.ci95)} points over all repetitions; loses at most '
        f"{points_text(one.max_drop)}: {VERDICTS[one.verdict]}."
        for chain in summary
        if chain.difference
        for name, one in chain.difference.recall.items()
    ]


def _change(difference: float, interval: tuple[float, float] | None) -> str:
    said = f"{100 * difference:+.1f}"
    return said if interval is None else f"{said} ({100 * interval[0]:+.1f} to {100 * interval[1]:+.1f})"
