"""A run as it is held beside others: its variants, its recipe, and what there is to know before it is compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from engine.contract.errors import DataError, NutshellError, RecipeError
from engine.contract.events import (
    RunCancelled,
    RunFailed,
    RunFinished,
    RunStarted,
    TrialFinished,
    VariantMeasured,
    parse_event,
)
from engine.contract.measurements import VariantMeasurement
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import parse_recipe
from engine.contract.repeated_results import ChainSummary
from engine.contract.run_result import RunResult
from engine.contract.varied_recipe import varied
from engine.datasets.source import DATASETS
from engine.figures.variant_figures import told_variants
from engine.inspection.run_models import EVENTS, RECIPE, run_directory
from engine.store.event_file import digests_file, line_digest
from engine.store.locations import Locations
from engine.store.run_hashes import is_damaged
from engine.store.run_notes import read_notes

READ = tuple(
    f'"{name}"'.encode()
    for name in ("run_started", "variant_measured", "trial_finished", "run_finished", "run_failed", "run_cancelled")
)
"""What the lines hold that are read; the others, such as of batches, are passed over."""


@dataclass(frozen=True)
class ComparedRun:
    """One run."""

    run: str
    """The name of its folder."""
    title: str
    """What the user calls it; made unique among the runs that it is compared with."""
    directory: Path
    recipe: Recipe | None
    """None: this version cannot read it."""
    variants: tuple[VariantMeasurement, ...]
    """All that were measured."""
    offered: tuple[VariantMeasurement, ...]
    """Those that are compared where none are named: of a search the front, else all."""
    summary: tuple[ChainSummary, ...] = ()
    """Of chains that the run repeats."""
    trials: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    """Number of each trial of a search → its settings."""
    notes: tuple[str, ...] = ()
    """Sentences on what is not as of a run that has ended well."""

    @property
    def is_repeated(self) -> bool:
        """Whether its chains are computed with several seeds or folds."""
        return any(variant.repeat for variant in self.variants)

    @property
    def has_groups(self) -> bool:
        """Whether test images belong together, such as those of a patient; which ones is kept in no file."""
        pairs = [variant.paired for variant in self.variants if variant.paired]
        if pairs:
            return any(one.groups for one in pairs)
        return self.recipe is not None and bool(self.recipe.dataset.group_by)

    def recipe_of(self, trial: int | None) -> Recipe | None:
        """The recipe that a file of the run was made by.

        Args:
            trial: None: it is of no search.

        Returns:
            None: this version cannot read it, or the settings of the trial are not known.
        """
        if trial is None or self.recipe is None:
            return self.recipe
        try:
            return varied(self.recipe, self.trials[trial]) if trial in self.trials else None
        except RecipeError:
            return None

    def origin(self, variant: VariantMeasurement) -> str:
        """Which dataset a variant's images are of, as far as the recipe says; with the seed where images are drawn."""
        if variant.dataset or self.recipe is None:
            return variant.dataset or self.run
        dataset = self.recipe.dataset
        is_drawn = dataset.kind in DATASETS and DATASETS[dataset.kind].draws_images
        seed = self.recipe.split_seed if self.recipe.split_seed is not None else variant.seed or self.recipe.seed
        return f"{dataset.kind} {dataset.path} {seed if is_drawn else ''}"


def open_compared_run(run: str | Path, runs: Path) -> ComparedRun:
    """
    Args:
        run: a run's folder, or its name among `runs`.

    Raises:
        DataError: it is no run, it is gone, or nothing of it is measured yet.
    """
    directory = run_directory(str(run), Locations(runs))
    result, variants, trials, notes = _read(directory)
    if not variants:
        raise DataError(
            f"Nothing of the run in {directory} is measured yet, so there is nothing to compare; wait until its "
            "baseline is finished, or resume the run."
        )
    recipe, fault = _recipe(directory)
    study = recipe.name if recipe is not None else directory.name
    title = read_notes(directory).name or study
    offered = told_variants(result) if result is not None else variants
    if len(offered) < len(variants):
        notes.append(
            f"of the {len(variants)} files of its search those on the front are offered; others by their names"
        )
    told = tuple(f"{title}: {note}." for note in (*notes, *fault))
    summary = result.summary if result is not None else ()
    return ComparedRun(directory.name, title, directory, recipe, variants, offered, summary, trials, told)


def _read(
    directory: Path,
) -> tuple[RunResult | None, tuple[VariantMeasurement, ...], dict[int, Mapping[str, Any]], list[str]]:
    """What its events tell: its result if it has one, its variants, settings of its trials, and what is to be said."""
    path = directory / EVENTS
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}); the run may have been moved.") from None
    result: RunResult | None = None
    found: dict[str, VariantMeasurement] = {}
    trials: dict[int, Mapping[str, Any]] = {}
    ended, is_damaged_line, is_foreign = "", False, False
    for line, digest in zip_longest(lines, _digests(path)[: len(lines)]):
        if not any(name in line for name in READ):
            continue
        if digest is not None and line_digest(line) != digest:
            is_damaged_line = True
            continue
        try:
            event = parse_event(line)
        except ValidationError:
            is_foreign = True
            continue
        match event:
            case RunStarted():
                result, found, trials, ended = None, {}, {}, ""
            case VariantMeasured():
                found[event.variant.name] = event.variant
            case TrialFinished():
                trials[event.trial] = event.settings
            case RunFinished():
                result, ended = event.result, "finished"
            case RunFailed():
                result, ended = event.result, "failed"
            case RunCancelled():
                ended = "cancelled"
    notes = []
    if ended != "finished":
        state = {"": "has not finished", "failed": "has failed", "cancelled": "was cancelled"}[ended]
        notes.append(f"the run {state}, so only what is measured so far is compared")
    if is_damaged_line:
        notes.append("its event log is damaged, so variants may be missing")
    if is_foreign:
        notes.append("some of its events were written by another version of Nutshell, so variants may be missing")
    variants = result.variants if result is not None else tuple(found.values())
    return result, variants, trials, notes


def _digests(path: Path) -> list[str]:
    """Of the lines from the first on; an earlier version's run has none."""
    try:
        return digests_file(path).read_text(encoding="ascii", errors="replace").split("\n")[:-1]
    except OSError:
        return []


def _recipe(directory: Path) -> tuple[Recipe | None, list[str]]:
    file = directory / RECIPE
    try:
        if is_damaged(directory, file):
            return None, ["its recipe is damaged, so what differs in it is not told"]
        return parse_recipe(file.read_text(encoding="utf-8"), "its recipe"), []
    except (NutshellError, OSError, UnicodeDecodeError):
        return None, ["this version of Nutshell cannot read its recipe, so what differs in it is not told"]
