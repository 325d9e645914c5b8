"""Plans a run before anything is decoded or computed: images listed, stages named, costs estimated. No TensorFlow."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.backbones.backbone import layer_graph
from engine.chain.branches import Branch, plan_branches
from engine.chain.estimate import DEFAULT_MACS_PER_SECOND, Work, stage_cost
from engine.chain.listed_datasets import DatasetLister, ListedDatasets
from engine.chain.preflight import RecipeRefused, accepted, guessed_classes
from engine.chain.stage_tree import Stage
from engine.chain.target_findings import (
    groups_of_test_images,
    target_findings,
    unknown_classes,
    witnesses_of_classes,
)
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.events import PlannedStage
from engine.contract.findings import Finding, Severity
from engine.contract.image_settings import ImageSettings
from engine.contract.progress import UNWATCHED, Progress
from engine.contract.recipe import Recipe
from engine.contract.repeats import Repeat
from engine.datasets.cache.preparation import dataset_fingerprint
from engine.datasets.source import SampleIndex, Split
from engine.feeding.pipeline import network_input_shape
from engine.measurement.machine import LATENCY_THREADS, cpu_name
from engine.store.locations import Locations
from engine.store.measurement_store import MeasurementStore

GIB = 2**30


def machine_name() -> str:
    """Which measurements are this machine's own: processor, cores, threads of the interpreter."""
    return f"{cpu_name()}, {os.cpu_count()} cores, {LATENCY_THREADS} thread"


@dataclass(frozen=True)
class Planned:
    """A recipe with the images listed and the stages planned; nothing is decoded or computed yet."""

    recipe: Recipe
    findings: tuple[Finding, ...]
    listed: Mapping[Repeat, ListedDatasets]
    branches: tuple[Branch, ...]
    """One per image setting and repetition, in the order in which they are run."""
    work: Work
    """Of the recipe's own dataset in the first repetition."""
    speed_is_measured: bool
    """Whether an earlier run of this machine told how fast it trains."""

    @property
    def datasets(self) -> ListedDatasets:
        """Of the first repetition."""
        return self.listed[self.branches[0].repeat]

    @property
    def index(self) -> SampleIndex:
        """The recipe's own dataset, with the split of the first repetition."""
        return self.datasets.own

    def index_of(self, branch: Branch, dataset: DatasetSettings | None = None) -> SampleIndex:
        """A dataset with the split of a branch.

        Args:
            dataset: None: the recipe's own.
        """
        datasets = self.listed[branch.repeat]
        return datasets.own if dataset is None else datasets.index(dataset)

    def work_of(self, branch: Branch, stage: Stage | None = None) -> Work:
        """Of the images that a stage trains on; without one, of the branch's baseline."""
        return _work(self.index_of(branch, stage.dataset if stage else None), self.work.macs_per_second)

    def planned_stages(self) -> tuple[PlannedStage, ...]:
        """The stages of all branches as the events carry them."""
        costs = {
            stage.key: stage_cost(branch.recipe, stage, self.work_of(branch, stage))
            for branch in self.branches
            for stage in branch.tree.stages
        }
        return tuple(
            PlannedStage(
                key=stage.key,
                parent=stage.parent,
                title=branch.title(stage),
                kind="step" if stage.parameters else "baseline",
                step=stage.parameters.step if stage.parameters else "",
                chains=stage.chains,
                setting=branch.setting,
                repeat=branch.repeat.name,
                trial=branch.trial,
                epochs=stage.epochs,
                open_ended=stage.open_ended,
                estimated_seconds=costs[stage.key].seconds,
                estimated_disk_bytes=costs[stage.key].disk_bytes,
                estimated_memory_bytes=costs[stage.key].memory_bytes,
            )
            for branch in self.branches
            for stage in branch.tree.stages
        )


def plan_run(
    recipe: Recipe, locations: Locations, progress: Progress = UNWATCHED, lister: DatasetLister | None = None
) -> Planned:
    """List the images and plan the stages.

    Args:
        lister: of several plans, so that what they share is listed once.

    Raises:
        RecipeRefused, DataError: the recipe or its images cannot be used.
    """
    findings = accepted(recipe)
    lister = lister or DatasetLister(locations.image_cache)
    listed = {repeat: lister.datasets(recipe, repeat, progress) for repeat in recipe.repeats}
    datasets = listed[recipe.repeats[0]]
    if (classes := len(datasets.own.classes)) != guessed_classes(recipe):
        findings = accepted(recipe, classes)
    if faults := tuple(unknown_classes(recipe.target, datasets.own.classes)):
        raise RecipeRefused(faults)
    for branch in recipe.branches():
        for _, index in datasets.others:
            # Raises where the network cannot have a head for these classes.
            layer_graph(branch.backbone, network_input_shape(branch.images.first), len(index.classes))

    def fingerprint(dataset: DatasetSettings, images: ImageSettings, repeat: Repeat) -> str:
        return dataset_fingerprint(listed[repeat].index(dataset), images, repeat.data_seed)

    branches = plan_branches(recipe, fingerprint)
    speed = measured_speed(locations)
    work = _work(datasets.own, speed or DEFAULT_MACS_PER_SECOND)
    planned = Planned(recipe, findings, listed, branches, work, speed is not None)
    groups = groups_of_test_images(datasets.own.samples)
    of_class = witnesses_of_classes(datasets.own)
    too_few = target_findings(recipe.target, work.test_images, groups, of_class)
    return replace(planned, findings=(*findings, *_memory_findings(planned.planned_stages()), *too_few))


def _memory_findings(stages: Sequence[PlannedStage]) -> Iterator[Finding]:
    """A warning of the stage that needs most, where this machine has less."""
    import psutil

    there = psutil.virtual_memory().total
    largest = max(stages, key=lambda stage: stage.estimated_memory_bytes)
    if largest.estimated_memory_bytes > there:
        message = (
            f"{largest.title} needs some {largest.estimated_memory_bytes / GIB:.0f} GiB of memory, and this machine "
            f"has {there / GIB:.0f} GiB; the system may end the run. Use a smaller training.batch_size or smaller "
            "images."
        )
        yield Finding(severity=Severity.WARNING, where="training.batch_size", message=message)


def measured_speed(locations: Locations) -> float | None:
    """Multiply-accumulates per second of this machine's last training; None where no run has measured it."""
    return MeasurementStore(locations, machine_name()).speed()


def _work(index: SampleIndex, macs_per_second: float) -> Work:
    counts = {split: sum(sample.split is split for sample in index.samples) for split in Split}
    return Work(counts[Split.TRAIN], counts[Split.VALIDATION], counts[Split.TEST], len(index.classes), macs_per_second)
