"""A comparison as `compare --json` writes it."""

from __future__ import annotations

from pydantic import Field

from engine.comparison.comparison import Comparison
from engine.comparison.run_selection import ComparedVariant
from engine.contract.measurements import Measured, PairedComparison, VariantMeasurement
from engine.contract.recipe import BASELINE
from engine.contract.repeated_results import RepeatedComparison


class ComparedVariantRecord(Measured):
    """One row."""

    name: str
    """The run's title and the variant's name."""
    run: str
    """The name of the run's folder."""
    directory: str
    variant: VariantMeasurement
    """As its own run has measured it: `paired`, `agreement` and `latency_ratio` are against its own baseline."""
    is_mean: bool = False
    """Whether its figures are means over repetitions; `file` of the variant is that of the first."""
    same_test_images: bool
    """Whether it was tested on the images of the comparison's baseline."""
    paired: PairedComparison | None
    """Against the comparison's baseline, corrected for all rows; None: they do not compare, as `unpaired` says."""
    unpaired: str = ""
    mean_difference: RepeatedComparison | None = None
    """Of means instead: as the run's summary has it, where the comparison's baseline is that of its own run."""
    agreement: float | None
    """With the comparison's baseline, 0 to 1."""
    timed_together: bool
    """Whether it was timed in turn with the comparison's baseline."""
    latency_p50_ms: float
    latency_p95_ms: float
    latency_ratio: float | None
    """Over the comparison's baseline; None where they were not timed in turn."""
    latency_ratio_ci95: tuple[float, float] | None


class RecipeDifferenceRecord(Measured):
    key: str
    values: dict[str, str]
    """Title of a run, and of a search with the trial, as in "heart: trial 7" → what its recipe has there."""


class ComparisonRecord(Measured):
    """The whole of it."""

    schema_version: int = Field(1, serialization_alias="schema", validation_alias="schema")
    baseline: str
    runs: dict[str, str]
    """Title → folder."""
    warnings: tuple[str, ...]
    timed_on: str
    """The machine on which all files were timed in turn for this comparison; empty: they were not."""
    variants: tuple[ComparedVariantRecord, ...]
    recipe_differences: tuple[RecipeDifferenceRecord, ...]


def _mean_difference(one: ComparedVariant, baseline: ComparedVariant) -> RepeatedComparison | None:
    own = one.run is baseline.run and baseline.variant.chain == BASELINE
    if not (one.is_mean and own and one.variant.setting == baseline.variant.setting):
        return None
    place = (one.variant.chain, one.variant.setting)
    return next((of.difference for of in one.run.summary if (of.chain, of.setting) == place), None)


def comparison_record(comparison: Comparison) -> ComparisonRecord:
    """Of a comparison, all that it tells."""
    rows = []
    for row in comparison.rows:
        source, shown, timed = row.source, row.shown, row.timed_together
        rows.append(
            ComparedVariantRecord(
                name=row.name,
                run=source.run.run,
                directory=str(source.run.directory),
                variant=source.variant,
                is_mean=source.is_mean,
                same_test_images=row.same_images,
                # Of means the run's summary tells the difference.
                paired=None if source.is_mean else shown.paired,
                unpaired=row.unpaired,
                mean_difference=_mean_difference(row.source, comparison.baseline.source),
                agreement=shown.agreement if row.same_images else None,
                timed_together=timed,
                latency_p50_ms=shown.latency_p50_ms,
                latency_p95_ms=shown.latency_p95_ms,
                latency_ratio=shown.latency_ratio if timed else None,
                latency_ratio_ci95=shown.latency_ratio_ci95 if timed else None,
            )
        )
    runs = {row.source.run.title: str(row.source.run.directory) for row in comparison.rows}
    return ComparisonRecord(
        baseline=comparison.baseline.name,
        runs=runs,
        warnings=comparison.warnings,
        timed_on=comparison.timed_on,
        variants=tuple(rows),
        recipe_differences=tuple(
            RecipeDifferenceRecord(key=one.key, values=dict(zip(comparison.studies, one.values, strict=True)))
            for one in comparison.differences
        ),
    )
