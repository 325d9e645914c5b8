"""Runs the branches of a plan: prepare the images, finish each stage, measure each variant, and report it in events."""

from __future__ import annotations

from collections.abc import Callable

from engine.backbones.freezing import computes_features_once
from engine.chain.baseline_watch import BaselineWatch
from engine.chain.branch_run import BranchRun
from engine.chain.branches import Branch
from engine.chain.controls import controls_by_chain
from engine.chain.estimate import training_macs_per_second
from engine.chain.failed_chains import FailedChains
from engine.chain.planning import Planned, machine_name
from engine.chain.preparation_progress import preparation_progress
from engine.chain.run_directory import REPORT_FILE, RunDirectory, other_split_file, samples_file, split_file
from engine.chain.stage_runner import FinishedStage, StageRunner
from engine.chain.stage_tree import Stage
from engine.chain.variants import Variants
from engine.contract.dataset_check import DatasetReport
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.events import (
    DatasetReady,
    EngineEvent,
    Notice,
    PlannedStage,
    RunStarted,
)
from engine.contract.findings import Severity
from engine.contract.measurements import ImageSettingBytes, SweptEpoch, TransformFigures, VariantMeasurement
from engine.contract.recipe_file import recipe_text
from engine.contract.repeated_results import ChainSummary
from engine.contract.repeats import Fold, Repeat
from engine.contract.run_result import RunResult
from engine.datasets.cache.pixel_digests import write_pixel_digests
from engine.datasets.cache.preparation import prepare
from engine.datasets.cache.prepared import PreparedDataset
from engine.datasets.cache.splits import write_split_csv
from engine.datasets.source import SampleIndex
from engine.feeding.samples import sampled_transform_figures, write_samples
from engine.feeding.study_images import StudyImages
from engine.measurement.accuracy import wilson_interval
from engine.store.durable_file import write_durably
from engine.store.locations import Locations
from engine.store.measurement_store import MeasurementStore
from engine.store.stage_store import StageStore
from engine.training.control import Control

Emit = Callable[[EngineEvent], None]


class StudyRun:
    """One run after planning: what is told, prepared, computed and measured, branch by branch."""

    def __init__(
        self,
        planned: Planned,
        locations: Locations,
        directory: RunDirectory,
        control: Control,
        emit: Emit,
        failed: FailedChains,
    ) -> None:
        self.planned = planned
        self.recipe = planned.recipe
        self.locations = locations
        self.directory = directory
        self.control = control
        self.emit = emit
        self._failed = failed
        self._transforms: dict[str, TransformFigures | None] = {}
        """Image setting → what its wavelet transform keeps."""
        self._datasets: dict[str, PreparedDataset] = {}
        """Fingerprint → images."""
        self._planned_of: dict[str, Planned] = {}
        """Branch → the plan that it is of."""
        self._finished: dict[str, FinishedStage] = {}
        self._speeds: list[float] = []
        self._splits: dict[Repeat, str] = {}
        """The file of each repetition's split; the first is "split.csv", and equal splits are written once."""
        self._measured = MeasurementStore(locations, machine_name())
        self._variants = Variants(
            directory,
            self._measured,
            control,
            emit,
            controls_by_chain(self.recipe.chains),
            self.recipe.target,
            self._index_of,
            self._splits,
            judges_by_validation=self.recipe.search is not None and self.recipe.search.judges_by_validation,
        )

    def finish(self) -> RunResult:
        """Compute all branches of the plan."""
        self.begin()
        for branch in self.planned.branches:
            self.add_branch(self.planned, branch)
        return self.result()

    def begin(self, stages: tuple[PlannedStage, ...] | None = None) -> None:
        """Tell of the plan, and prepare its images, so that problems with them show before anything is trained.

        Args:
            stages: those that are told; None: all of the plan.
        """
        self.emit(
            RunStarted(
                run=self.directory.run,
                directory=str(self.directory.path),
                name=self.recipe.name,
                recipe=recipe_text(self.recipe),
                stages=self.planned.planned_stages() if stages is None else stages,
                findings=self.planned.findings,
            )
        )
        self._prepare(self.planned)
        self._write_splits()
        first = self._datasets[self.planned.branches[0].fingerprint]
        self._report_on(first)
        self._tell_of_others()
        for number, branch in enumerate(self._shown_branches):
            self._tell_ready(branch, self._datasets[branch.fingerprint], samples_file(number))

    def add_branch(
        self,
        planned: Planned,
        branch: Branch,
        failed: FailedChains | None = None,
        watch: BaselineWatch | None = None,
    ) -> tuple[VariantMeasurement, ...]:
        """Compute a branch of a plan, and measure its files.

        Args:
            planned: the run's own plan, or one of the same dataset.
            failed: told of chains that fail; None: the run's own.
            watch: whether the baseline is worth going on with; None: everything is computed.

        Returns:
            Its variants, the baseline first; their latencies are not yet measured in turn with the others. None where
            the baseline's training was stopped.
        """
        self._prepare(planned)
        self._planned_of[branch.name] = planned
        before = len(self._variants.measured)
        stages = branch.tree.stages
        images = {
            one: StudyImages.fitted(branch.images, self._datasets[one]) for one in {stage.images for stage in stages}
        }
        runner = StageRunner(branch.recipe, images, StageStore(self.locations), self.control, self.emit)
        of_branch = BranchRun(
            branch, runner, self._variants, failed or self._failed, self.directory, watch or BaselineWatch()
        ).finish()
        # What an earlier trial computed was not reused from an earlier run.
        self._finished = of_branch | self._finished
        if baseline := of_branch.get(stages[0].key):
            self._keep_speed(planned, branch, baseline)
        return self._variants.measured[before:]

    @property
    def reused_seconds(self) -> float:
        """That the stages of earlier runs took there, each counted once."""
        return sum(stage.seconds for stage in self._finished.values() if stage.reused)

    def result(self) -> RunResult:
        """Measure the latencies of all files in turn, and sum up."""
        if self._speeds:
            # Of the smallest images the least time goes into arithmetic, so theirs would be too slow for the others.
            self._measured.keep_speed(max(self._speeds))
        measurements = self._variants.measure_latencies()
        return self._summed_up(measurements, self._variants.summary(measurements, self.recipe.folds))

    def _keep_speed(self, planned: Planned, branch: Branch, baseline: FinishedStage) -> None:
        if not baseline.reused and baseline.records and not computes_features_once(branch.recipe):
            fastest = min(record.seconds for record in baseline.records)
            self._speeds.append(training_macs_per_second(branch.recipe, planned.work_of(branch), fastest))

    @property
    def _shown_branches(self) -> tuple[Branch, ...]:
        """Of the first repetition: one per image setting, as whose images are shown and told of."""
        branches = self.planned.branches
        return tuple(branch for branch in branches if branch.repeat == branches[0].repeat)

    def _index_of(self, branch: Branch, dataset: DatasetSettings | None) -> SampleIndex:
        return self._planned_of[branch.name].index_of(branch, dataset)

    def _write_splits(self) -> None:
        files: dict[tuple[int, Fold | None], str] = {}
        for branch in self.planned.branches:
            repeat = branch.repeat
            division = (repeat.data_seed, repeat.fold)
            if division not in files:
                files[division] = split_file(repeat.name if files else "")
                self._keep_images(self._datasets[branch.fingerprint], files[division])
            self._splits[repeat] = files[division]

    def _epoch_sweep(self) -> tuple[SweptEpoch, ...]:
        return tuple(
            SweptEpoch(
                setting=branch.setting,
                repeat=branch.repeat.name,
                epoch=record.epoch,
                accuracy=record.test_accuracy,
                accuracy_ci95=wilson_interval(round(record.test_accuracy * test_images), test_images),
            )
            for branch in self.planned.branches
            # A search may have had no trial with the recipe's own baseline.
            if branch.tree.stages[0].key in self._finished
            for test_images in (self.planned.work_of(branch).test_images,)
            for record in self._finished[branch.tree.stages[0].key].records
            if record.test_accuracy is not None
        )

    def _prepare(self, planned: Planned) -> None:
        """All images of a plan that are not prepared yet."""
        several = {
            stage.images: (branch, stage.dataset)
            for branch in planned.branches
            for stage in branch.tree.stages
            if stage.images not in self._datasets
        }
        progress = preparation_progress(self.control, self.emit)
        for done, (fingerprint, (branch, dataset)) in enumerate(several.items()):
            self._datasets[fingerprint] = prepare(
                planned.index_of(branch, dataset),
                dataset or self.recipe.dataset,
                branch.images,
                branch.repeat.data_seed,
                self.locations.image_cache,
                progress.part(done, len(several)),
            )

    def _report_on(self, dataset: PreparedDataset) -> None:
        """What was found in the original images, which is the same for every image setting."""
        report = DatasetReport(check=dataset.check, findings=dataset.summary.findings)
        write_durably(self.directory.path / REPORT_FILE, report.model_dump_json(indent=1))
        for finding in dataset.summary.findings:
            if finding.severity is Severity.WARNING:
                self.emit(Notice(severity="warning", message=finding.message))

    def _keep_images(self, dataset: PreparedDataset, split: str) -> None:
        """Which images they are, in this file, and in one beside it what tells their pixels from others."""
        write_split_csv(self.directory.path / split, dataset)
        write_pixel_digests(self.directory.path / split, dataset)

    def _others(self) -> dict[str, PreparedDataset]:
        """Label → each dataset that a step transfers to, under the first image setting."""
        stages = self.planned.branches[0].tree.stages
        return {stage.dataset.label(): self._datasets[stage.images] for stage in stages if stage.dataset is not None}

    def _tell_of_others(self) -> None:
        for number, (label, dataset) in enumerate(self._others().items(), start=2):
            for branch in self.planned.branches:
                divided = next(stage.images for stage in branch.tree.stages if _is_of(stage, label))
                self._keep_images(self._datasets[divided], other_split_file(self._splits[branch.repeat], number))
            found = dataset.summary
            counts = f"{found.train:,} train, {found.validation:,} validation, {found.test:,} test"
            self.emit(Notice(message=f"Images of {label}, which a chain transfers to: {counts}."))

    def _tell_ready(self, branch: Branch, dataset: PreparedDataset, samples: str) -> None:
        path = self.directory.path / samples
        write_samples(path, dataset, branch.images)
        transform = sampled_transform_figures(dataset, branch.images.dwt, branch.recipe.seed)
        self._transforms[branch.setting] = transform
        self.emit(
            DatasetReady(
                dataset=dataset.summary,
                images=dataset.image_bytes,
                transform=transform,
                setting=branch.setting,
                cached=dataset.cached,
                samples=str(path),
            )
        )

    def _summed_up(self, measurements: tuple[VariantMeasurement, ...], summary: tuple[ChainSummary, ...]) -> RunResult:
        datasets, finished = self._datasets, self._finished
        reused = sum(stage.reused for stage in finished.values())
        if reused == len(finished) and not self._variants.measured_count and not self._failed.sentences:
            message = "Nothing had to be computed: earlier runs have finished every stage and measurement."
            self.emit(Notice(message=message))
        elif reused:
            self.emit(Notice(message=f"{reused} of {len(finished)} stages were reused from earlier runs."))
        branches = self.planned.branches
        first = datasets[branches[0].fingerprint]
        return RunResult(
            run=self.directory.run,
            directory=str(self.directory.path),
            dataset=first.summary,
            other_datasets={label: dataset.summary for label, dataset in self._others().items()},
            images=first.image_bytes,
            image_settings=tuple(
                ImageSettingBytes(
                    **datasets[branch.fingerprint].image_bytes.model_dump(),
                    setting=branch.setting,
                    settings=branch.images.model_dump(mode="json", exclude_none=True),
                    transform=self._transforms[branch.setting],
                )
                for branch in self._shown_branches
            ),
            variants=measurements,
            summary=summary,
            epoch_sweep=self._epoch_sweep(),
            stages_computed=len(finished) - reused,
            stages_reused=reused,
            failed=self._failed.sentences,
        )


def _is_of(stage: Stage, dataset: str) -> bool:
    """Whether a stage went over to the dataset with this label."""
    return stage.dataset is not None and stage.dataset.label() == dataset
