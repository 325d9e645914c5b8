"""Which variants of which runs are compared, each under a name of its own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.advice.repeated_chains import judged_chains
from engine.comparison.compared_run import ComparedRun, open_compared_run
from engine.comparison.variant_images import VariantImages, read_variant_images
from engine.contract.errors import DataError
from engine.contract.measurements import VariantMeasurement
from engine.contract.recipe import BASELINE
from engine.contract.registry import nearest_name
from engine.store.prediction_file import Predictions

Picked = tuple[str, str]
"""The name of a run's folder, and that of one of its variants."""
FEWEST_RUNS = 2
MOST_NAMED = 12
WHEN = re.compile(r"\d{8}-\d{6}(?=-)")
"""Date and time, with which the name of a run's folder begins."""


@dataclass(frozen=True)
class ComparedVariant:
    """One variant of a run, or the means of a chain that the run repeats."""

    run: ComparedRun
    variant: VariantMeasurement
    """As its run has measured it."""
    images: VariantImages | None
    """What it was tested on; None where that cannot be read, and of means."""
    fault: str = ""
    """Why it cannot be read."""
    is_mean: bool = False

    @property
    def name(self) -> str:
        """What tells it from all others."""
        return f"{self.run.title}: {self.variant.name}"

    @property
    def study(self) -> str:
        """Whose recipe it was made by: its run's title, and of a search the trial."""
        return self.run.title if self.variant.trial is None else f"{self.run.title}: trial {self.variant.trial}"

    @property
    def is_baseline(self) -> bool:
        return self.variant.chain == BASELINE

    @property
    def file(self) -> Path:
        return self.run.directory / self.variant.file


def open_runs(runs: Sequence[str | Path], directory: Path) -> tuple[ComparedRun, ...]:
    """
    Args:
        runs: names or folders, two at least, each once.
        directory: where runs are kept.

    Raises:
        DataError: one cannot be compared; what it is of is told.
    """
    if len(runs) < FEWEST_RUNS:
        raise DataError("One run alone is compared with nothing; name two runs or more.")
    opened: list[ComparedRun] = []
    for run in runs:
        one = open_compared_run(run, directory)
        if any(one.directory == other.directory for other in opened):
            raise DataError(f'"{run}" and another name are the same run, {one.directory}; name each run once.')
        opened.append(one)
    titles = Counter(one.title for one in opened)
    starts = Counter(_start(one) for one in opened)
    return tuple(
        replace(one, title=f"{one.title} ({_start(one) if starts[_start(one)] == 1 else one.run})")
        if titles[one.title] > 1
        else one
        for one in opened
    )


def _start(run: ComparedRun) -> str:
    """When it was started; of a folder that does not say, its name."""
    found = WHEN.match(run.run)
    return found[0] if found else run.run


def chosen_variants(
    runs: Sequence[ComparedRun], names: Sequence[str] = (), means: bool = False
) -> tuple[ComparedVariant, ...]:
    """Those with these names, else all; the first run's baseline in any case, first.

    Args:
        names: of variants, or of chains, which stand for all of their settings and repetitions; in any run.
        means: whether a chain that its run repeats is one row, of its means.

    Raises:
        DataError: no run has a variant of a name; the nearest is told.
    """
    all_of = {run.run: offered_variants(run, means) for run in runs}
    known = {name for variants in all_of.values() for one in variants for name in (one.name, one.chain)}
    for name in names:
        if name not in known:
            raise DataError(_unknown(name, known))
    found: list[ComparedVariant] = []
    known_files: dict[Path, Predictions] = {}
    for place, run in enumerate(runs):
        offered = {one.name for one in run.offered}
        # Of a search the one of the first file that is offered.
        branch = next((one.branch for one in all_of[run.run] if means or one.name in offered), "")
        of_branch = [one.name for one in all_of[run.run] if one.chain == BASELINE and one.branch == branch]
        baselines = of_branch or [one.name for one in all_of[run.run] if one.chain == BASELINE]
        for variant in all_of[run.run]:
            wanted = bool({variant.name, variant.chain} & set(names)) if names else means or variant.name in offered
            if wanted or (place == 0 and variant.name == baselines[0]):
                found.append(_variant(run, variant, means and run.is_repeated, known_files))
    return tuple(found)


def offered_variants(run: ComparedRun, means: bool) -> tuple[VariantMeasurement, ...]:
    """All of a run that can be picked.

    Args:
        means: whether a chain that the run repeats is one, with its means.
    """
    return judged_chains(run.variants, run.summary).variants if means else run.variants


def picked_variants(
    runs: Sequence[ComparedRun], picked: Collection[Picked], means: bool
) -> tuple[ComparedVariant, ...]:
    """Those that were picked, in the order of the runs."""
    known_files: dict[Path, Predictions] = {}
    return tuple(
        _variant(run, variant, means and run.is_repeated, known_files)
        for run in runs
        for variant in offered_variants(run, means)
        if (run.run, variant.name) in picked
    )


def _variant(
    run: ComparedRun, variant: VariantMeasurement, is_mean: bool, known_files: dict[Path, Predictions]
) -> ComparedVariant:
    # Of means those of the first repetition: they tell the classes, and whether others were tested on the same.
    first = next(one for one in run.variants if (one.chain, one.setting) == (variant.chain, variant.setting))
    try:
        of = first if is_mean else variant
        images = read_variant_images(run.directory, of, known_files, run.origin(of))
        return ComparedVariant(run, variant, images, is_mean=is_mean)
    except DataError as error:
        return ComparedVariant(run, variant, None, str(error), is_mean=is_mean)


def _unknown(name: str, known: set[str]) -> str:
    near = nearest_name(name, sorted(known))
    suggestion = f' Did you mean "{near}"?' if near else ""
    listed = ", ".join(sorted(known)[:MOST_NAMED]) + ("…" if len(known) > MOST_NAMED else "")
    return f'None of these runs has a variant "{name}".{suggestion} There are: {listed}.'
