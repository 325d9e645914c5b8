"""Each chain over the repetitions of a study as text: for the window, the command line and the Markdown page."""

from __future__ import annotations

from collections.abc import Sequence

from engine.contract.repeated_results import ChainSummary, RepeatedFigure
from engine.figures.figure_text import figure_text, p_text
from engine.figures.variant_figures import KIB
from engine.figures.verdict_words import VERDICTS

SCALED = ("mean", "deviation", "ci95")
HEADS = ("accuracy\n(95 % CI)", "Δ accuracy, points\n(95 % CI)", "p, corrected\n(Holm)", "zip\nKiB", "p50\nms")


def summary_title(summary: Sequence[ChainSummary]) -> str:
    """Such as "Mean ± standard deviation over 3 seeds, each tested on its own images"."""
    first = max(summary, key=lambda one: len(one.repeats))
    seeds = len(set(first.seeds))
    of = [f"{seeds} seeds"] if seeds > 1 else []
    of += [f"{first.folds} folds"] if first.folds else []
    tested = "all tested on the same images" if first.same_test_images else "each tested on images of its own"
    return f"Mean ± standard deviation over {' and '.join(of)}, {tested}"


def summary_rows(summary: Sequence[ChainSummary]) -> tuple[tuple[str, ...], ...]:
    """The chain's name and the figures of `HEADS`; the verdict behind them where the recipe asks."""
    most = max(len(one.repeats) for one in summary)
    return tuple(_row(one, most) for one in summary)


def summary_heads(summary: Sequence[ChainSummary]) -> tuple[str, ...]:
    """Of the columns behind the chain's name."""
    asked = next((one.difference.max_drop for one in summary if one.difference and one.difference.max_drop), None)
    return (*HEADS, f"loses at most\n{100 * asked:g} points") if asked else HEADS


def _row(one: ChainSummary, most: int) -> tuple[str, ...]:
    name = one.name if len(one.repeats) == most else f"{one.name} ({len(one.repeats)} of {most})"
    accuracy = f"{_with_deviation(one.accuracy)}{_interval(one.accuracy, '.3f', '–')}"
    difference, p_value, verdict = "", "", []
    if found := one.difference:
        points = found.model_copy(update={key: _times_100(getattr(found, key)) for key in SCALED})
        difference = f"{points.mean:+.1f}"
        difference += "" if points.deviation is None else f" ± {points.deviation:.1f}"
        difference += _interval(points, "+.1f", " to ")
        p_value = "" if found.p_holm is None else p_text(found.p_holm)
        verdict = [VERDICTS[found.verdict]] if found.verdict else []
    return (name, accuracy, difference, p_value, _plain(one.zip_bytes, KIB), _plain(one.latency_p50_ms), *verdict)


def _with_deviation(figure: RepeatedFigure) -> str:
    return f"{figure.mean:.3f}" + ("" if figure.deviation is None else f" ± {figure.deviation:.3f}")


def _interval(figure: RepeatedFigure, form: str, to: str) -> str:
    return f"\n({figure.ci95[0]:{form}}{to}{figure.ci95[1]:{form}})" if figure.ci95 else ""


def _times_100(value: float | tuple[float, float] | None) -> float | tuple[float, float] | None:
    if value is None:
        return None
    return (100 * value[0], 100 * value[1]) if isinstance(value, tuple) else 100 * value


def _plain(figure: RepeatedFigure | None, unit: float = 1.0) -> str:
    if figure is None:
        return ""
    mean = figure_text(figure.mean / unit)
    decimals = len(mean.partition(".")[2])
    return mean if figure.deviation is None else f"{mean} ± {figure.deviation / unit:,.{decimals}f}"
