"""Variants of several runs in one table, each against the baseline that the user chooses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from engine.comparison.comparison_warnings import comparison_warnings
from engine.comparison.pairing import NotComparable, compared_variants, share_alike
from engine.comparison.recipe_differences import RecipeDifference, recipe_differences
from engine.comparison.run_selection import ComparedVariant
from engine.comparison.variant_images import are_same_images
from engine.contract.errors import DataError
from engine.contract.measurements import PairedComparison, VariantMeasurement
from engine.contract.progress import UNWATCHED, Progress
from engine.contract.recipe import BASELINE, Recipe
from engine.contract.registry import nearest_name
from engine.figures.figure import MISSING, Figure
from engine.figures.variant_figures import FIGURES
from engine.measurement.latency import LatencyFigures
from engine.measurement.machine import LATENCY_THREADS, cpu_name
from engine.measurement.paired_comparison import holm
from engine.measurement.variant import measure_latencies_together

BY_IMAGES = ("accuracy_change", "p_value", "agreement")
"""Figures that say something only on the baseline's own test images."""
BY_TIMING = ("latency", "latency_p95", "latency_ratio")
BY_CLOCK = (*BY_TIMING, "epoch_seconds")
"""Figures of another minute, and perhaps another machine, where the runs are not the same."""
OF_ONE_RUN = ("chain", "note", "limits", "test_set")
"""Figures that are left out: the name says the chain, notes are of the run's own baseline, and limits of its target."""
COMPARED_FIGURES = tuple(figure for figure in FIGURES if figure.name not in OF_ONE_RUN)


@dataclass(frozen=True)
class ComparedRow:
    """One variant beside the chosen baseline."""

    source: ComparedVariant
    shown: VariantMeasurement
    """With what compares it with the chosen baseline, instead of its own."""
    same_images: bool
    """Whether it was tested on the baseline's images."""
    timed_together: bool
    """Whether its latency was timed in turn with the baseline's."""
    unpaired: str = ""
    """Why it is not tested against the baseline; empty where it is, and of the baseline."""

    @property
    def name(self) -> str:
        return self.source.name


@dataclass(frozen=True)
class Comparison:
    """The rows in their order, the baseline among them."""

    rows: tuple[ComparedRow, ...]
    baseline: ComparedRow
    timed_on: str = ""
    """The machine on which all were timed in turn for this comparison; empty: they were not."""

    @property
    def all_timed_together(self) -> bool:
        return all(row.timed_together for row in self.rows)

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """Sentences on what does not compare."""
        sources = tuple(row.source for row in self.rows)
        return comparison_warnings(sources, self.baseline.source, self.all_timed_together, self.timed_on)

    @cached_property
    def same_images_groups(self) -> tuple[tuple[ComparedRow, ...], ...]:
        """Rows whose accuracies compare: of the same classes and test images, and of one run where those are not
        known, or the figures are means over repetitions."""
        groups: list[list[ComparedRow]] = []
        for row in self.rows:
            fitting = (group for group in groups if _compare(group[0].source, row.source))
            group = next(fitting, None)
            if group is None:
                groups.append([row])
            else:
                group.append(row)
        return tuple(map(tuple, groups))

    @property
    def recipes_sentence(self) -> str:
        """Why no difference of the recipes is told; empty where some is."""
        if self.differences:
            return ""
        recipes = self._recipes.values()
        if len(recipes) < 2:
            return "Only one run is compared, so no recipes are."
        if None in recipes:
            return "Not every recipe can be read, so in what they differ is not known."
        return "The recipes do not differ."

    @cached_property
    def differences(self) -> tuple[RecipeDifference, ...]:
        """In what the recipes differ; a value for each of `studies`."""
        return recipe_differences(tuple(self._recipes.values()))

    @property
    def studies(self) -> tuple[str, ...]:
        """Whose recipes they are: the title of each run, and of a search that of each compared trial."""
        return tuple(self._recipes)

    @cached_property
    def _recipes(self) -> dict[str, Recipe | None]:
        sources = {row.source.study: row.source for row in self.rows}
        return {study: one.run.recipe_of(one.variant.trial) for study, one in sources.items()}

    def row(self, name: str) -> ComparedRow:
        """
        Raises:
            DataError: there is none of this name.
        """
        return next(row for row in self.rows if row.name == named_row(name, [row.source for row in self.rows]).name)

    def text(self, figure: Figure, row: ComparedRow) -> str:
        """As tables show it; a dash where it does not compare with the baseline."""
        return MISSING if self._is_missing(figure, row) else figure.text(row.shown, self.baseline.shown)

    def number(self, figure: Figure, row: ComparedRow) -> float | None:
        """None where it is words, or does not compare with the baseline."""
        return None if self._is_missing(figure, row) else figure.number(row.shown, self.baseline.shown)

    def pair(self, first: str, second: str) -> PairedComparison:
        """The second variant against the first, by their names.

        Raises:
            NotComparable: why they are not.
        """
        return compared_variants(self.row(first).source, self.row(second).source)

    def timed_in_turn(self, progress: Progress = UNWATCHED) -> Comparison:
        """With the latencies of all files timed in turn, now, in a clean process.

        Raises:
            NutshellError: a file is gone, or does not run here.
            Cancelled: out of `progress`.
        """
        for row in self.rows:
            if row.source.is_mean:
                raise DataError(f'"{row.name}" is a mean over repetitions; compare single files to time them.')
            if not row.source.file.is_file():
                raise DataError(f"{row.source.file} is gone, so it cannot be timed; leave its variant out.")
        files = {row.name: row.source.file for row in self.rows}
        against = dict.fromkeys(files, self.baseline.name)
        found = measure_latencies_together(files, LATENCY_THREADS, progress, against)
        rows = tuple(_timed(row, found[row.name]) for row in self.rows)
        baseline = next(row for row in rows if row.name == self.baseline.name)
        return replace(self, rows=rows, baseline=baseline, timed_on=f"{cpu_name()}, {LATENCY_THREADS} thread")

    def _is_missing(self, figure: Figure, row: ComparedRow) -> bool:
        if row is self.baseline or row.name == self.baseline.name:
            return figure.name == "p_value"
        by_images, by_timing = figure.name in BY_IMAGES, figure.name == "latency_ratio"
        return (by_images and not row.same_images) or (by_timing and not row.timed_together)


def compared(variants: Sequence[ComparedVariant], baseline: str = "") -> Comparison:
    """
    Args:
        variants: at least one.
        baseline: the name of one of them, or of a run for its baseline; empty: the first run's.

    Raises:
        DataError: there is no variant of that name; the nearest is told.
    """
    chosen = named_row(baseline, variants) if baseline else variants[0]
    found: dict[str, PairedComparison] = {}
    why: dict[str, str] = {}
    for one in variants:
        if one is not chosen:
            try:
                found[one.name] = compared_variants(chosen, one)
            except NotComparable as reason:
                why[one.name] = str(reason)
    corrected = _corrected(found, variants)
    rows = tuple(_row(one, chosen, corrected.get(one.name), why.get(one.name, "")) for one in variants)
    return Comparison(rows, next(row for row in rows if row.source is chosen))


def named_row(name: str, variants: Sequence[ComparedVariant]) -> ComparedVariant:
    """The variant of a name; of a run's name its baseline.

    Raises:
        DataError: there is none; the nearest is told.
    """
    for one in variants:
        if name == one.name or (one.is_baseline and name in (one.run.title, one.run.run)):
            return one
    known = [one.name for one in variants]
    near = nearest_name(name, known)
    suggestion = f' Did you mean "{near}"?' if near else ""
    raise DataError(f'"{name}" is none of the variants that are compared.{suggestion} There are: {", ".join(known)}.')


def _row(
    one: ComparedVariant, baseline: ComparedVariant, paired: PairedComparison | None, unpaired: str
) -> ComparedRow:
    same_images = one is baseline or _same_images(one, baseline)
    own = one.run is baseline.run and one.variant.branch == baseline.variant.branch
    together = one is baseline or (own and baseline.variant.chain == BASELINE and one.variant.is_timed_in_turn)
    if one.is_mean and own and baseline.variant.chain == BASELINE:
        # Its run has judged the means.
        return ComparedRow(one, one.variant, True, together, "" if one.variant.paired else unpaired)
    shown = one.variant.model_copy(
        update={
            "paired": paired,
            "paired_control": None,
            "agreement": 1.0 if one is baseline else _agreement(one, baseline),
            "latency_ratio": one.variant.latency_ratio if together and one is not baseline else 1.0,
            "latency_ratio_ci95": one.variant.latency_ratio_ci95 if together and one is not baseline else (1.0, 1.0),
            "dataset": "",
        }
    )
    return ComparedRow(one, shown, same_images, together, unpaired)


def _same_images(one: ComparedVariant, other: ComparedVariant) -> bool:
    if one.images is None or other.images is None or one.is_mean or other.is_mean:
        return False
    return are_same_images(one.images, other.images) and one.images.classes == other.images.classes


def _compare(one: ComparedVariant, other: ComparedVariant) -> bool:
    if one.is_mean or other.is_mean or one.images is None or other.images is None:
        alike = one.is_mean == other.is_mean and (one.images is None) == (other.images is None)
        return one.run is other.run and alike
    return _same_images(one, other)


def _agreement(one: ComparedVariant, baseline: ComparedVariant) -> float | None:
    try:
        return share_alike(baseline, one)
    except NotComparable:
        return None


def _corrected(
    found: Mapping[str, PairedComparison], variants: Sequence[ComparedVariant]
) -> dict[str, PairedComparison]:
    """With p values corrected for all files that are held against the baseline; equal answers count once."""
    told = {
        one.name: one.images.predicted.tobytes()
        for one in variants
        if one.images is not None and one.images.predicted is not None and not one.is_mean
    }
    # A run's own test may be known where its answers are not any more: such a file counts for itself.
    answers = {name: told.get(name, name) for name in found}
    distinct = {answers[name]: one.p_value for name, one in found.items()}
    corrected = dict(zip(distinct, holm(tuple(distinct.values())), strict=True))
    return {
        name: one.model_copy(update={"p_holm": corrected[answers[name]], "max_drop": None, "verdict": None})
        for name, one in found.items()
    }


def _timed(row: ComparedRow, latency: LatencyFigures) -> ComparedRow:
    shown = row.shown.model_copy(
        update={
            "latency_p50_ms": latency.p50_ms,
            "latency_p95_ms": latency.p95_ms,
            "latency_ratio": latency.ratio,
            "latency_ratio_ci95": latency.ratio_ci95,
            "threads": latency.threads,
            "cpu": cpu_name(),
        }
    )
    return replace(row, shown=shown, timed_together=True)
