"""Runs a recipe: plan, prepare the images, finish each stage, measure each variant, and report it in events."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack

from engine.backbones.freezing import computes_features_once
from engine.chain.branch_run import BranchRun
from engine.chain.branches import Branch
from engine.chain.controls import controls_by_chain
from engine.chain.estimate import training_macs_per_second
from engine.chain.failed_chains import ChainsFailed, FailedChains
from engine.chain.failure_sentence import failure_sentence
from engine.chain.planning import Planned, machine_name, plan_run
from engine.chain.preparation_progress import preparation_progress
from engine.chain.run_directory import (
    EVENTS_FILE,
    REPORT_FILE,
    RunDirectory,
    other_split_file,
    samples_file,
    split_file,
    write_event,
)
from engine.chain.stage_runner import FinishedStage, StageRunner
from engine.chain.stage_tree import Stage
from engine.chain.tensorboard_files import TensorBoardFiles
from engine.chain.variants import Variants
from engine.contract.dataset_check import DatasetReport
from engine.contract.errors import Cancelled
from engine.contract.events import (
    DatasetReady,
    EngineEvent,
    Notice,
    Paused,
    Resumed,
    RunCancelled,
    RunFailed,
    RunFinished,
    RunStarted,
)
from engine.contract.findings import Severity
from engine.contract.measurements import (
    ChainSummary,
    ImageSettingBytes,
    RunResult,
    SweptEpoch,
    TransformFigures,
    VariantMeasurement,
)
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import recipe_text
from engine.contract.repeats import Fold, Repeat
from engine.datasets.cache.pixel_digests import write_pixel_digests
from engine.datasets.cache.preparation import prepare
from engine.datasets.cache.prepared import PreparedDataset
from engine.datasets.cache.splits import write_split_csv
from engine.feeding.samples import sampled_transform_figures, write_samples
from engine.feeding.study_images import StudyImages
from engine.measurement.accuracy import wilson_interval
from engine.store.database import open_database, put_aside_if_damaged
from engine.store.durable_file import remove_abandoned, write_durably
from engine.store.locations import Locations
from engine.store.measurement_store import MeasurementStore
from engine.store.run_hashes import drop_run_hashes, write_run_hashes
from engine.store.run_history import RunState, mark_interrupted, record_end, record_start
from engine.store.stage_store import StageStore
from engine.training.control import Control

Emit = Callable[[EngineEvent], None]


def run_recipe(
    recipe: Recipe,
    locations: Locations,
    control: Control,
    emit: Emit,
    on_directory: Callable[[RunDirectory], None],
    resumed_run: str = "",
) -> RunResult:
    """Run a recipe to its end; every event goes to `emit` and, from the run's start on, into its event log.

    A chain whose step fails does not hold up the others: they are finished and measured, then the run ends as failed.

    Args:
        on_directory: called once the run's directory exists, before anything long begins.
        resumed_run: the id of an earlier run of this recipe that did not end; it continues in its directory and its
        entry in the list. Empty: a new one.

    Raises:
        ChainsFailed: some chains failed; with the result of the others.
        NutshellError: as told by the closing event, which is sent in every case.
    """
    started = time.perf_counter()
    with ExitStack() as open_things:
        tell: Emit = emit
        database = None
        directory: RunDirectory | None = None
        log = None

        def close(event: EngineEvent, state: RunState, message: str = "", result: RunResult | None = None) -> None:
            """Keep how it ended before anyone is told: who is told may end this process."""
            if log:
                write_event(log, event)
            if database and directory:
                record_end(database, directory.run, state, message, result)
            emit(event)

        try:
            locations.create()
            for folder in (locations.root, locations.stages, *locations.runs.iterdir()):
                remove_abandoned(folder)
            aside = put_aside_if_damaged(locations.database)
            directory = (
                RunDirectory.reopen(locations, resumed_run) if resumed_run else RunDirectory.create(locations, recipe)
            )
            drop_run_hashes(directory.path)
            on_directory(directory)
            database = open_things.enter_context(open_database(locations.database))
            mark_interrupted(database)
            record_start(database, directory.run, recipe.name)
            log = open_things.enter_context(directory.open_events())
            curves = open_things.enter_context(TensorBoardFiles(directory.path, directory.path / EVENTS_FILE))

            def tell_and_keep(event: EngineEvent) -> None:
                write_event(log, event)
                curves.take(event)
                emit(event)

            tell = tell_and_keep
            control.tell_with(lambda: tell_and_keep(Paused()), lambda: tell_and_keep(Resumed()))
            planned = plan_run(recipe, locations, preparation_progress(control, emit))
            if aside is not None:
                message = f"The database of runs and measurements is damaged, so a new one is created; see {aside}."
                tell(Notice(severity="warning", message=message))
            failed_chains = FailedChains(tell)
            result = _Run(planned, locations, directory, control, tell, failed_chains).finish()
            write_run_hashes(directory.path)
            failed_chains.raise_with(result)
            close(RunFinished(result=result, seconds=time.perf_counter() - started), RunState.DONE, result=result)
            return result
        except Cancelled:
            close(RunCancelled(), RunState.CANCELLED)
            raise
        except Exception as error:
            message, code = failure_sentence(error, locations.root)
            others = error.result if isinstance(error, ChainsFailed) else None
            log_file = str(directory.log) if directory else ""
            failed = RunFailed(message=message, exit_code=code, log=log_file, result=others)
            close(failed, RunState.FAILED, message, others)
            raise


class _Run:
    """One run after planning."""

    def __init__(
        self,
        planned: Planned,
        locations: Locations,
        directory: RunDirectory,
        control: Control,
        emit: Emit,
        failed: FailedChains,
    ) -> None:
        self._planned = planned
        self._recipe = planned.recipe
        self._locations = locations
        self._directory = directory
        self._control = control
        self._emit = emit
        self._failed = failed
        self._transforms: dict[str, TransformFigures | None] = {}
        """Image setting → what its wavelet transform keeps."""

    def finish(self) -> RunResult:
        self._emit(
            RunStarted(
                run=self._directory.run,
                directory=str(self._directory.path),
                name=self._recipe.name,
                recipe=recipe_text(self._recipe),
                stages=self._planned.planned_stages(),
                findings=self._planned.findings,
            )
        )
        branches = self._planned.branches
        datasets = self._prepare()
        splits = self._write_splits(datasets)
        self._report_on(datasets[branches[0].fingerprint])
        self._tell_of_others(datasets, splits)
        for number, branch in enumerate(self._shown_branches):
            self._tell_ready(branch, datasets[branch.fingerprint], samples_file(number))
        measured = MeasurementStore(self._locations, machine_name())
        variants = Variants(
            self._directory,
            measured,
            self._control,
            self._emit,
            controls_by_chain(self._recipe.chains),
            self._recipe.target,
            self._planned.index_of,
            splits,
        )
        finished: dict[str, FinishedStage] = {}
        speeds: list[float] = []
        for branch in branches:
            finished |= self._run_branch(branch, datasets, variants)
            baseline = finished[branch.tree.stages[0].key]
            if not baseline.reused and baseline.records and not computes_features_once(branch.recipe):
                fastest = min(record.seconds for record in baseline.records)
                work = self._planned.work_of(branch)
                speeds.append(training_macs_per_second(branch.recipe, work, fastest))
        if speeds:
            # Of the smallest images the least time goes into arithmetic, so theirs would be too slow for the others.
            measured.keep_speed(max(speeds))
        measurements = variants.measure_latencies()
        summary = variants.summary(measurements, self._recipe.folds)
        return self._result(datasets, finished, measurements, summary, variants.measured_count)

    @property
    def _shown_branches(self) -> tuple[Branch, ...]:
        """Of the first repetition: one per image setting, as whose images are shown and told of."""
        branches = self._planned.branches
        return tuple(branch for branch in branches if branch.repeat == branches[0].repeat)

    def _write_splits(self, datasets: dict[str, PreparedDataset]) -> dict[Repeat, str]:
        """The file of each repetition's split; the first is "split.csv", and equal splits are written once."""
        files: dict[tuple[int, Fold | None], str] = {}
        found: dict[Repeat, str] = {}
        for branch in self._planned.branches:
            repeat = branch.repeat
            division = (repeat.data_seed, repeat.fold)
            if division not in files:
                files[division] = split_file(repeat.name if files else "")
                self._keep_images(datasets[branch.fingerprint], files[division])
            found[repeat] = files[division]
        return found

    def _epoch_sweep(self, finished: dict[str, FinishedStage]) -> tuple[SweptEpoch, ...]:
        return tuple(
            SweptEpoch(
                setting=branch.setting,
                repeat=branch.repeat.name,
                epoch=record.epoch,
                accuracy=record.test_accuracy,
                accuracy_ci95=wilson_interval(round(record.test_accuracy * test_images), test_images),
            )
            for branch in self._planned.branches
            for test_images in (self._planned.work_of(branch).test_images,)
            for record in finished[branch.tree.stages[0].key].records
            if record.test_accuracy is not None
        )

    def _prepare(self) -> dict[str, PreparedDataset]:
        """Fingerprint → images, before anything is trained, so that problems with them show early."""
        several = {
            stage.images: (branch, stage.dataset) for branch in self._planned.branches for stage in branch.tree.stages
        }
        progress = preparation_progress(self._control, self._emit)
        prepared: dict[str, PreparedDataset] = {}
        for fingerprint, (branch, dataset) in several.items():
            prepared[fingerprint] = prepare(
                self._planned.index_of(branch, dataset),
                dataset or self._recipe.dataset,
                branch.images,
                branch.repeat.data_seed,
                self._locations.image_cache,
                progress.part(len(prepared), len(several)),
            )
        return prepared

    def _report_on(self, dataset: PreparedDataset) -> None:
        """What was found in the original images, which is the same for every image setting."""
        report = DatasetReport(check=dataset.check, findings=dataset.summary.findings)
        write_durably(self._directory.path / REPORT_FILE, report.model_dump_json(indent=1))
        for finding in dataset.summary.findings:
            if finding.severity is Severity.WARNING:
                self._emit(Notice(severity="warning", message=finding.message))

    def _keep_images(self, dataset: PreparedDataset, split: str) -> None:
        """Which images they are, in this file, and in one beside it what tells their pixels from others."""
        write_split_csv(self._directory.path / split, dataset)
        write_pixel_digests(self._directory.path / split, dataset)

    def _others(self, datasets: dict[str, PreparedDataset]) -> dict[str, PreparedDataset]:
        """Label → each dataset that a step transfers to, under the first image setting."""
        stages = self._planned.branches[0].tree.stages
        return {stage.dataset.label(): datasets[stage.images] for stage in stages if stage.dataset is not None}

    def _tell_of_others(self, datasets: dict[str, PreparedDataset], splits: dict[Repeat, str]) -> None:
        for number, (label, dataset) in enumerate(self._others(datasets).items(), start=2):
            for branch in self._planned.branches:
                divided = next(stage.images for stage in branch.tree.stages if _is_of(stage, label))
                self._keep_images(datasets[divided], other_split_file(splits[branch.repeat], number))
            found = dataset.summary
            counts = f"{found.train:,} train, {found.validation:,} validation, {found.test:,} test"
            self._emit(Notice(message=f"Images of {label}, which a chain transfers to: {counts}."))

    def _tell_ready(self, branch: Branch, dataset: PreparedDataset, samples: str) -> None:
        path = self._directory.path / samples
        write_samples(path, dataset, branch.images)
        transform = sampled_transform_figures(dataset, branch.images.dwt, branch.recipe.seed)
        self._transforms[branch.setting] = transform
        self._emit(
            DatasetReady(
                dataset=dataset.summary,
                images=dataset.image_bytes,
                transform=transform,
                setting=branch.setting,
                cached=dataset.cached,
                samples=str(path),
            )
        )

    def _run_branch(
        self, branch: Branch, datasets: dict[str, PreparedDataset], variants: Variants
    ) -> dict[str, FinishedStage]:
        """Planned key → the stage that was computed."""
        stages = branch.tree.stages
        images = {one: StudyImages.fitted(branch.images, datasets[one]) for one in {stage.images for stage in stages}}
        runner = StageRunner(branch.recipe, images, StageStore(self._locations), self._control, self._emit)
        return BranchRun(branch, runner, variants, self._failed, self._directory).finish()

    def _result(
        self,
        datasets: dict[str, PreparedDataset],
        finished: dict[str, FinishedStage],
        measurements: tuple[VariantMeasurement, ...],
        summary: tuple[ChainSummary, ...],
        measured_count: int,
    ) -> RunResult:
        reused = sum(stage.reused for stage in finished.values())
        if reused == len(finished) and not measured_count and not self._failed.sentences:
            message = "Nothing had to be computed: earlier runs have finished every stage and measurement."
            self._emit(Notice(message=message))
        elif reused:
            self._emit(Notice(message=f"{reused} of {len(finished)} stages were reused from earlier runs."))
        branches = self._planned.branches
        first = datasets[branches[0].fingerprint]
        return RunResult(
            run=self._directory.run,
            directory=str(self._directory.path),
            dataset=first.summary,
            other_datasets={label: dataset.summary for label, dataset in self._others(datasets).items()},
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
            epoch_sweep=self._epoch_sweep(finished),
            stages_computed=len(finished) - reused,
            stages_reused=reused,
            failed=self._failed.sentences,
        )


def _is_of(stage: Stage, dataset: str) -> bool:
    """Whether a stage went over to the dataset with this label."""
    return stage.dataset is not None and stage.dataset.label() == dataset
