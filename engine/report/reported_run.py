"""One run as a report tells it, read from its folder alone: finished, failed, cancelled or cut off."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from engine.contract.dataset_check import DatasetReport
from engine.contract.errors import DataError
from engine.contract.events import (
    DatasetReady,
    DeviceFound,
    EngineEvent,
    EpochFinished,
    Notice,
    PlannedStage,
    RunCancelled,
    RunFailed,
    RunFinished,
    RunStarted,
    StageFailed,
    StageFinished,
    VariantMeasured,
)
from engine.contract.findings import Finding, Severity
from engine.contract.measurements import VariantMeasurement
from engine.contract.recipe import BASELINE, Recipe
from engine.contract.recipe_file import read_recipe
from engine.contract.run_result import RunResult
from engine.contract.running_stage import RunningStage
from engine.device.device_reports import DeviceReports, device_reports
from engine.figures.variant_figures import baselines
from engine.inspection.run_models import InspectedRun
from engine.store.event_log import EventLog
from engine.store.prediction_file import PREDICTIONS_FILE, Predictions
from engine.store.run_environment import RunEnvironment, read_environments
from engine.store.run_hashes import is_damaged
from engine.store.run_notes import read_notes

EVENTS, RECIPE, DATASET, SPLIT = "events.jsonl", "recipe.toml", "dataset.json", "split.csv"


@dataclass(frozen=True)
class ReportedRun:
    """What its events and files say; nothing is measured again."""

    directory: Path
    recipe: Recipe
    title: str
    """What the user calls it, else the study's name."""
    stages: tuple[PlannedStage, ...]
    """Parents before children."""
    variants: tuple[VariantMeasurement, ...]
    """The last measurement of each; the baselines first of their branches."""
    epochs: dict[str, tuple[EpochFinished, ...]]
    """Key of a stage → its epochs."""
    stage_seconds: dict[str, float]
    """Key of a finished stage → how long it took; 0: an earlier run had computed it."""
    datasets: dict[str, DatasetReady]
    """Image setting → its images."""
    environments: tuple[RunEnvironment, ...]
    devices: DeviceReports
    """What other devices measured of its files."""
    device: str
    """What TensorFlow computed on; empty where nothing was computed."""
    check: DatasetReport | None
    predictions: Predictions | None
    result: RunResult | None
    unfinished: str
    """Why there is less than was asked for, as a sentence; empty where the run is done."""
    failed_stages: dict[str, str] = field(default_factory=dict)
    """Title of a stage → why it failed."""
    warnings: tuple[str, ...] = ()
    """Of the run itself, and of files that could not be read for this report."""
    findings: tuple[Finding, ...] = ()
    """What the pre-flight said of the recipe."""

    @property
    def run(self) -> str:
        """Its id."""
        return self.directory.name

    @cached_property
    def baselines(self) -> dict[str, VariantMeasurement]:
        """Branch → its baseline."""
        return baselines(self.variants)

    def baseline_of(self, variant: VariantMeasurement) -> VariantMeasurement:
        return self.baselines[variant.branch]

    @property
    def compressed(self) -> tuple[VariantMeasurement, ...]:
        return tuple(one for one in self.variants if one.chain != BASELINE)

    @property
    def ready(self) -> DatasetReady | None:
        """The images of the first setting; None where the run did not come so far."""
        return next(iter(self.datasets.values()), None)

    @property
    def classes(self) -> tuple[str, ...]:
        return self.ready.dataset.classes if self.ready else ()

    @property
    def failed_chains(self) -> dict[str, str]:
        """Name → why there is no such variant."""
        return self.result.failed if self.result else {}


def read_run(run: str | Path, runs: Path | None = None) -> ReportedRun:
    """Read a run.

    Args:
        run: its folder, or its name among `runs`.
        runs: the runs directory; by default the user's own.

    Raises:
        DataError, RecipeError: it is no run, or has no event that can be read.
    """
    directory = InspectedRun.directory_of(run, runs)
    try:
        events = EventLog(directory / EVENTS).read_new()
    except OSError as error:
        raise DataError(
            f"The events of the run in {directory} cannot be read ({error.strerror}); a report is made from them."
        ) from None
    if is_damaged(directory, directory / RECIPE):
        raise DataError(f"The recipe of the run in {directory} is damaged; run the recipe that you wrote again.")
    recipe = read_recipe(directory / RECIPE)
    return _told(directory, recipe, events)


def _told(directory: Path, recipe: Recipe, events: list[EngineEvent]) -> ReportedRun:
    started: RunStarted | None = None
    variants: dict[str, VariantMeasurement] = {}
    epochs: dict[str, list[EpochFinished]] = {}
    seconds: dict[str, float] = {}
    datasets: dict[str, DatasetReady] = {}
    failed: dict[str, str] = {}
    warnings: dict[str, None] = {}
    device, end, running = "", None, RunningStage()
    for event in events:
        running.take(event)
        match event:
            case RunStarted():
                # A run that is resumed starts once more.
                started, end, variants = event, None, {}
                failed.clear()
                warnings.clear()
            case DatasetReady():
                datasets[event.setting] = event
            case DeviceFound():
                device = event.device
            case EpochFinished():
                of_stage = epochs.setdefault(event.stage, [])
                while of_stage and of_stage[-1].epoch >= event.epoch:
                    of_stage.pop()
                of_stage.append(event)
            case StageFinished():
                seconds[event.stage] = 0.0 if event.reused else event.seconds
            case StageFailed():
                failed[event.stage] = event.message
            case VariantMeasured():
                variants[event.variant.name] = event.variant
            case Notice():
                if event.severity == "warning":
                    warnings[event.message] = None
            case RunFinished() | RunFailed() | RunCancelled():
                end = event
            case _:
                pass
    result = end.result if isinstance(end, RunFinished | RunFailed) else None
    told = tuple(result.variants) if result else tuple(variants.values())
    stages = started.stages if started else ()
    titles = {stage.key: stage.title for stage in stages}
    check, unread = _check(directory)
    predictions, unreadable = _predictions(directory)
    return ReportedRun(
        directory=directory,
        recipe=recipe,
        title=read_notes(directory).name or recipe.name,
        stages=stages,
        variants=told,
        epochs={key: tuple(found) for key, found in epochs.items()},
        stage_seconds=seconds,
        datasets=datasets,
        environments=read_environments(directory),
        devices=device_reports(directory),
        device=device,
        check=check,
        predictions=predictions,
        result=result,
        unfinished=_unfinished(end, len(stages), len(seconds), bool(told), running.name, _is_damaged(directory)),
        failed_stages={titles.get(key, key): message for key, message in failed.items()},
        warnings=(*warnings, *filter(None, (unread, unreadable))),
        findings=started.findings if started else (),
    )


def _is_damaged(directory: Path) -> bool:
    """Whether the event log of a run that ended is not as it was written."""
    try:
        return is_damaged(directory, directory / EVENTS)
    except OSError:
        return True


def _unfinished(
    end: EngineEvent | None, stages: int, finished: int, has_measured: bool, running: str, is_damaged: bool
) -> str:
    so_far = f"{finished} of {stages} stages had been finished" if stages else "no stage had been planned"
    if finished and not stages:
        # A search plans its stages trial by trial.
        so_far = f"{finished} stages had been finished"
    left = "What follows is what it had measured by then." if has_measured else "It had measured nothing by then."
    match end:
        case RunFinished():
            return ""
        case RunFailed(result=None):
            return f"This run failed when {so_far}: {end.message} {left}"
        case RunFailed():
            return f"This run is not complete. {end.message} All other chains were finished and measured."
        case RunCancelled():
            return f"This run was cancelled when {so_far}. {left}"
        case _ if is_damaged:
            return f"The event log of this run is damaged, and does not tell how it ended. {left}"
        case _:
            during = f" in {running}," if running else ""
            return f"This run has not ended, or was cut off,{during} when {so_far}. {left}"


def _check(directory: Path) -> tuple[DatasetReport | None, str]:
    """What was found in the images; and why it cannot be told, where the file is there and damaged."""
    file = directory / DATASET
    if not file.is_file():
        return None, ""
    try:
        if not is_damaged(directory, file):
            return DatasetReport.model_validate_json(file.read_bytes()), ""
    except (OSError, ValidationError):
        pass
    return None, f"{DATASET}, which holds what was found in the images, is damaged: duplicates are not told here."


def _predictions(directory: Path) -> tuple[Predictions | None, str]:
    file = directory / PREDICTIONS_FILE
    if not file.is_file():
        return None, ""
    try:
        if not is_damaged(directory, file):
            return Predictions.read(file), ""
    except (OSError, DataError):
        pass
    return None, f"{PREDICTIONS_FILE} is damaged: which predictions changed is not shown here."


def worth_knowing(run: ReportedRun) -> tuple[Finding, ...]:
    """What was found in the images: that of the check, else that of the summary; warnings first."""
    found = run.check.findings if run.check else run.ready.dataset.findings if run.ready else ()
    return tuple(sorted(found, key=lambda one: one.severity is not Severity.WARNING))
