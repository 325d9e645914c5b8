"""Plans a run before anything is decoded or computed: images listed, stages named, costs estimated. No TensorFlow."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from engine.chain.branches import Branch, plan_branches
from engine.chain.estimate import DEFAULT_MACS_A_SECOND, Work, stage_seconds
from engine.chain.preflight import errors, preflight
from engine.contract.errors import RecipeError
from engine.contract.events import PlannedStage
from engine.contract.findings import Finding
from engine.contract.recipe import Recipe
from engine.datasets.preparation import dataset_fingerprint, scan
from engine.datasets.source import SampleIndex, Split
from engine.measurement.machine import cpu_name
from engine.store.locations import Locations
from engine.store.measurement_store import MeasurementStore

LATENCY_THREADS = 1
"""Of the interpreter that latencies are measured with."""


def machine_name() -> str:
    """Which measurements are this machine's own: processor, cores, threads of the interpreter."""
    return f"{cpu_name()}, {os.cpu_count()} cores, {LATENCY_THREADS} thread"


@dataclass(frozen=True)
class Planned:
    """A recipe with the images listed and the stages planned; nothing is decoded or computed yet."""

    recipe: Recipe
    findings: tuple[Finding, ...]
    index: SampleIndex
    branches: tuple[Branch, ...]
    """One an image setting, in the order in which they are run."""
    work: Work

    def planned_stages(self) -> tuple[PlannedStage, ...]:
        """The stages of all branches as the events carry them."""
        return tuple(
            PlannedStage(
                key=stage.key,
                parent=stage.parent,
                title=branch.title(stage),
                kind="step" if stage.parameters else "baseline",
                step=stage.parameters.step if stage.parameters else "",
                chains=stage.chains,
                setting=branch.setting,
                epochs=stage.epochs,
                estimated_seconds=stage_seconds(branch.recipe, stage, self.work),
            )
            for branch in self.branches
            for stage in branch.tree.stages
        )


def plan_run(recipe: Recipe, locations: Locations, progress: Callable[[int, int], None] | None = None) -> Planned:
    """List the images and plan the stages.

    Raises:
        RecipeError, DataError: the recipe or its images cannot be used.
    """
    _refuse(preflight(recipe))
    index = scan(recipe.dataset, recipe.seed, progress, locations.image_cache)
    findings = preflight(recipe, len(index.classes))
    _refuse(findings)
    branches = plan_branches(recipe, lambda images: dataset_fingerprint(index, images, recipe.seed))
    counts = {split: sum(sample.split is split for sample in index.samples) for split in Split}
    speed = MeasurementStore(locations, machine_name()).speed() or DEFAULT_MACS_A_SECOND
    work = Work(counts[Split.TRAIN], counts[Split.VALIDATION], counts[Split.TEST], len(index.classes), speed)
    return Planned(recipe, findings, index, branches, work)


def _refuse(findings: tuple[Finding, ...]) -> None:
    if faults := errors(findings):
        raise RecipeError("\n".join(f"{finding.where}: {finding.message}" for finding in faults))
