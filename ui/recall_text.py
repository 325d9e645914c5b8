"""What files lose of the recall of single classes, as text: for the window, the command line and the Markdown page."""

from __future__ import annotations

from collections.abc import Sequence

from engine.contract.measurements import RecallComparison, VariantMeasurement
from engine.contract.repeated_results import ChainSummary
from engine.figures.verdict_words import VERDICTS
from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, number_text, tr
from engine.measurement.target_verdict import points_text
from ui.said_figure import said_figure

RECALL_HEADS = (
    mark("class"),
    mark("Δ recall, points\n(95 % CI)"),
    mark("became\nwrong"),
    mark("became\nright"),
    mark("of test\nimages"),
    mark("may lose\nat most"),
    mark("loses at most\nso much"),
)
RECALL_TITLE = mark("Recall against the baseline, on the same test images of the class")


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
    images = number_text(f"{one.images:,}") + (tr(" in {groups:,} groups", groups=one.groups) if one.groups else "")
    change = _change(one.difference, one.difference_ci95)
    return (
        name,
        change,
        number_text(f"{one.lost:,}"),
        number_text(f"{one.won:,}"),
        images,
        said_figure(points_text(one.max_drop)),
        recognised(VERDICTS[one.verdict]),
    )


def repeated_recall_lines(summary: Sequence[ChainSummary]) -> list[str]:
    """Each chain over the repetitions, a sentence per class that the target names."""
    return [
        tr(
            '{name}: recall of "{name2}" {change} points over all repetitions; loses at most '
            "{points_text}: {verdicts}.",
            name=chain.name,
            name2=name,
            change=_change(one.mean, one.ci95),
            points_text=said_figure(points_text(one.max_drop)),
            verdicts=recognised(VERDICTS[one.verdict]),
        )
        for chain in summary
        if chain.difference
        for name, one in chain.difference.recall.items()
    ]


def _change(difference: float, interval: tuple[float, float] | None) -> str:
    said = number_text(f"{100 * difference:+.1f}")
    return (
        said
        if interval is None
        else tr(
            "{said} ({interval:+.1f} to {interval2:+.1f})",
            said=said,
            interval=100 * interval[0],
            interval2=100 * interval[1],
        )
    )
