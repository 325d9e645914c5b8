"""The state of a run, built from its events alone, live or from its event log. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from engine.contract.document import Document
from engine.contract.errors import RecipeError
from engine.contract.events import (
    BatchProgress,
    DatasetReady,
    DeviceFound,
    EngineEvent,
    EpochFinished,
    EvidenceFound,
    FeatureProgress,
    Notice,
    Paused,
    PlannedStage,
    PreparationProgress,
    Resumed,
    RunCancelled,
    RunFailed,
    RunFinished,
    RunStarted,
    StageFailed,
    StageFinished,
    StagePhase,
    StagesPlanned,
    StageStarted,
    TrialFinished,
    VariantMeasured,
)
from engine.contract.evidence import Evidence
from engine.contract.measurements import VariantMeasurement
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import parse_recipe
from engine.contract.run_result import RunResult
from engine.contract.running_stage import RunningStage
from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, number_text, tr
from ui.counts import counted
from ui.durations import duration_text
from ui.search_text import trial_line
from ui.wording import in_window_words

if TYPE_CHECKING:
    from engine.device.device_reports import DeviceReport

MIN_WEIGHT_S = 0.5
"""What a stage counts at least in the overall progress, so that one of no estimated time moves it too."""

Severity = Literal["note", "warning", "error"]


class StageStatus(StrEnum):
    WAITING = mark("waiting")
    RUNNING = mark("running")
    DONE = mark("done")
    REUSED = mark("computed before")
    STOPPED = mark("stopped early")
    FAILED = mark("failed")
    CUT_OFF = mark("not finished")
    NOT_BEGUN = mark("not begun")


@dataclass(frozen=True)
class LogEntry:
    """A line of the log pane."""

    time: float
    """Seconds since the epoch, UTC."""
    severity: Severity
    text: str


E = TypeVar("E", bound=Evidence)


@dataclass
class StageProgress:
    """One stage as far as it is."""

    plan: PlannedStage
    status: StageStatus = StageStatus.WAITING
    phase: str = ""
    done_fraction: float = 0.0
    seconds_left: float | None = None
    seconds: float = 0.0
    epochs: list[EpochFinished] = field(default_factory=list)
    evidence: dict[str, Document] = field(default_factory=dict)
    """What its step has found so far: kind → document."""


@dataclass
class ShownRun:
    """Everything that the dashboard shows."""

    directory: Path | None = None
    """Where the run's files are: given for a run that is read (its folder may have been moved), else as it tells."""
    started: RunStarted | None = None
    preparation: PreparationProgress | None = None
    datasets: dict[str, DatasetReady] = field(default_factory=dict)
    """Image setting → its images; one with an empty name where the recipe has one setting only."""
    stages: dict[str, StageProgress] = field(default_factory=dict)
    """Key → stage, parents before children."""
    variants: dict[str, VariantMeasurement] = field(default_factory=dict)
    """Name → its last measurement; the baselines come before what was made of them."""
    devices: tuple[DeviceReport, ...] = ()
    """What other devices measured, once it was read."""
    device_troubles: tuple[str, ...] = ()
    """A sentence for each file of a device that cannot be read."""
    trials: list[TrialFinished] = field(default_factory=list)
    """Of a search, those that have ended."""
    log: list[LogEntry] = field(default_factory=list)
    device: str = ""
    """What TensorFlow computes on; empty while nothing was computed."""
    paused: bool = False
    pausing: bool = False
    """Whether a pause was asked for here that the engine has not taken yet."""
    result: RunResult | None = None
    """With a `failure`: of the chains that did not fail."""
    seconds: float = 0.0
    """Of the whole run, once it is done."""
    failure: RunFailed | None = None
    cancelled: RunCancelled | None = None
    running: RunningStage = field(default_factory=RunningStage)
    """Where it is, or was cut off."""

    @property
    def recipe(self) -> Recipe | None:
        """As the run started with it; None where it is not told, or cannot be read."""
        return _read(self.started.recipe) if self.started else None

    @property
    def trial_limit(self) -> int | None:
        """Of a search; None where there is none, or the time alone ends it."""
        if self.trials:
            return self.trials[-1].trials
        return self.recipe.search.trial_limit if self.recipe and self.recipe.search else None

    @property
    def trial(self) -> str:
        """Such as "Trial 1 of 4", which a search works on; empty where there is none."""
        own = self._of_trial
        # A trial may go on with the stages of an earlier one alone.
        number = own[-1].plan.trial if own else self.trials[-1].trial + 1 if self.trials else None
        if number is None or (self.trial_limit and number > self.trial_limit):
            return ""
        if self.trial_limit:
            return tr("Trial {trial} of {trials}", trial=number, trials=self.trial_limit)
        return tr("Trial {trial}", trial=number)

    @property
    def _of_trial(self) -> list[StageProgress]:
        """The stages that the trial which goes on has for itself."""
        ended = {trial.trial for trial in self.trials}
        return [one for one in self.stages.values() if one.plan.trial is not None and one.plan.trial not in ended]

    @property
    def closed(self) -> bool:
        """Whether the run said how it ended."""
        return self.result is not None or self.failure is not None or self.cancelled is not None

    @property
    def current(self) -> StageProgress | None:
        """The stage that is worked on."""
        return next((stage for stage in self.stages.values() if stage.status is StageStatus.RUNNING), None)

    @property
    def images_per_second(self) -> float | None:
        """By the last epoch of the stage that trains; None while none has ended."""
        stage = self.current
        if stage is None or not stage.epochs or stage.epochs[-1].seconds <= 0:
            return None
        ready = self.datasets.get(stage.plan.setting)
        return ready.dataset.train / stage.epochs[-1].seconds if ready else None

    def found(self, kind: type[E]) -> Iterator[tuple[str, E]]:
        """Title of each stage that has found evidence of a kind, and what it is."""
        for stage in self.stages.values():
            if kind.key in stage.evidence:
                yield recognised(stage.plan.title), kind.model_validate(stage.evidence[kind.key])

    def samples(self, setting: str) -> Path | None:
        """The file of an image setting's sample images and subbands, once they are ready."""
        dataset = self.datasets.get(setting)
        if dataset is None or not dataset.samples:
            return None
        told = Path(dataset.samples)
        return self.directory / told.name if self.directory else told

    @property
    def seconds_left(self) -> float | None:
        """Of the whole run; None before the stages are known."""
        if self.trials:
            return self.trials[-1].seconds_left
        if not self.stages:
            return None
        left = self._seconds_left_of_stages
        if not self._of_trial:
            return left
        # None has ended, so the others count as much as the first.
        search = self.recipe.search if self.recipe else None
        each = sum(stage.plan.estimated_seconds for stage in self.stages.values())
        lefts = [left + (self.trial_limit - 1) * each] if self.trial_limit else []
        lefts += [60 * search.minutes] if search and search.minutes else []
        return min(lefts, default=None)

    @property
    def _seconds_left_of_stages(self) -> float:
        left = 0.0
        for stage in self.stages.values():
            if stage.status is StageStatus.WAITING:
                left += stage.plan.estimated_seconds
            elif stage.status is StageStatus.RUNNING:
                left += stage.plan.estimated_seconds if stage.seconds_left is None else stage.seconds_left
        return left

    @property
    def done_fraction(self) -> float:
        """Of the whole run, by estimated time, 0 to 1."""
        if self.result is not None and self.failure is None:
            return 1.0
        if (self.trials or self._of_trial) and self.trial_limit:
            return min((len(self.trials) + _done_fraction(self._of_trial)) / self.trial_limit, 1.0)
        return _done_fraction(self.stages.values())

    def apply_all(self, events: Iterable[EngineEvent]) -> None:
        """Take events in their order."""
        for event in events:
            self.apply(event)

    def apply(self, event: EngineEvent) -> None:
        """Take one event; one of a kind that is not known here changes nothing."""
        self.running.take(event)
        match event:
            case RunStarted():
                self._start(event)
            case StagesPlanned():
                new = {stage.key: StageProgress(stage) for stage in event.stages if stage.key not in self.stages}
                self.stages |= new
            case TrialFinished():
                self._end_trial(event)
            case PreparationProgress():
                self.preparation = event
            case DatasetReady():
                self.datasets[event.setting], self.preparation = event, None
                self._log_dataset(event)
            case (
                StageStarted()
                | StagePhase()
                | BatchProgress()
                | FeatureProgress()
                | EpochFinished()
                | EvidenceFound()
                | StageFinished()
            ):
                if stage := self.stages.get(event.stage):
                    self._apply_to_stage(stage, event)
            case StageFailed():
                self._fail(event.stage)
            case DeviceFound():
                self.device = event.device
            case VariantMeasured():
                self.variants[event.variant.name] = event.variant
            case Paused():
                self.paused, self.pausing = True, False
                self._say(event, tr("Paused."))
            case Resumed():
                self.paused = self.pausing = False
                self._say(event, tr("Resumed."))
            case Notice():
                self._say(event, event.message, event.severity)
            case RunFinished():
                self.result, self.seconds, self.pausing = event.result, event.seconds, False
                self._say(event, tr("Done in {duration_text}.", duration_text=duration_text(event.seconds)))
            case RunFailed():
                self.failure, self.result = event, event.result
                self._say(event, event.message, "error")
                self.cut_off()
            case RunCancelled():
                self.cancelled = event
                self._say(event, event.message, "warning")
                self.cut_off()
            case _:
                pass

    def cut_off(self) -> None:
        """The engine is gone: what it was working on stays unfinished, and the rest is not begun."""
        self.preparation, self.paused, self.pausing = None, False, False
        for stage in self.stages.values():
            if stage.status is StageStatus.RUNNING:
                stage.status, stage.phase, stage.seconds_left = StageStatus.CUT_OFF, "", None
            elif stage.status is StageStatus.WAITING:
                stage.status = StageStatus.NOT_BEGUN

    def _end_trial(self, event: TrialFinished) -> None:
        self.trials.append(event)
        for stage in self.stages.values():
            if stage.status is StageStatus.WAITING:
                stage.status = StageStatus.NOT_BEGUN
            elif stage.status is StageStatus.RUNNING:
                # A trial ends within a training only where that lags behind.
                stage.status, stage.phase, stage.seconds_left = StageStatus.STOPPED, "", None
        # Its settings stand as in the recipe, which is what the table of trials shows too.
        self.log.append(LogEntry(event.time, "note", trial_line(event, self.recipe)))

    def _fail(self, key: str) -> None:
        """A stage failed, so those behind it are not begun."""
        if failed := self.stages.get(key):
            failed.status, failed.phase, failed.seconds_left = StageStatus.FAILED, "", None
        without = {key}
        for stage in self.stages.values():
            if stage.plan.parent in without:
                without.add(stage.plan.key)
                stage.status = StageStatus.NOT_BEGUN

    def _start(self, event: RunStarted) -> None:
        # A run that is resumed starts once more.
        self.failure = self.cancelled = self.result = None
        self.variants, self.trials = {}, []
        self.started = event
        self.directory = self.directory or Path(event.directory)
        self.stages = {stage.key: StageProgress(stage) for stage in event.stages}
        self._say(event, tr("Run {run}: {counted}.", run=event.run, counted=counted(len(event.stages), "stage")))
        for finding in event.findings:
            self._say(event, finding.message, "warning" if finding.severity == "warning" else "note")

    def _log_dataset(self, event: DatasetReady) -> None:
        data, sizes = event.dataset, event.images
        cached = tr(" (decoded by an earlier run)") if event.cached else ""
        if event.setting:
            ratio, gain = (
                number_text(f"{sizes.compression_ratio:.2f} : 1"),
                f"{round(sizes.space_gain * 100)} %",
            )
            self._say(
                event,
                tr(
                    "Images at {setting}: compression ratio {ratio}, space saved {gain}{cached}.",
                    setting=event.setting,
                    ratio=ratio,
                    gain=gain,
                    cached=cached,
                ),
            )
        if len(self.datasets) > 1:
            return
        self._say(
            event,
            tr(
                "Images: {train:,} train, {validation:,} validation, {test:,} test{cached}.",
                train=data.train,
                validation=data.validation,
                test=data.test,
                cached=cached,
            ),
        )
        for skipped in data.skipped:
            self._say(event, tr("Skipped {path}: {reason}", path=skipped.path, reason=skipped.reason), "warning")

    def _apply_to_stage(
        self,
        stage: StageProgress,
        event: StageStarted
        | StagePhase
        | BatchProgress
        | FeatureProgress
        | EpochFinished
        | EvidenceFound
        | StageFinished,
    ) -> None:
        match event:
            case StageStarted():
                stage.status, stage.phase = StageStatus.RUNNING, tr("starting")
                if event.resumed_epoch:
                    self._say(
                        event,
                        tr(
                            "{title}: {counted} done already.",
                            title=recognised(stage.plan.title),
                            counted=counted(event.resumed_epoch, "epoch"),
                        ),
                    )
            case StagePhase():
                stage.phase = recognised(event.phase)
                self._say(event, f"{recognised(stage.plan.title)}: {stage.phase}.")
            case BatchProgress():
                stage.phase = tr("epoch {epoch} of {epochs}", epoch=event.epoch, epochs=event.epochs)
                done = event.epoch - 1 + event.batch / max(event.batches, 1)
                stage.done_fraction, stage.seconds_left = done / max(event.epochs, 1), event.seconds_left
            case FeatureProgress():
                stage.phase = tr("frozen base: {done:,} of {total:,} images", done=event.done, total=event.total)
                stage.seconds_left = event.seconds_left
            case EpochFinished():
                # A stage that is trained again from an earlier epoch tells of the later ones once more.
                while stage.epochs and stage.epochs[-1].epoch >= event.epoch:
                    stage.epochs.pop()
                stage.epochs.append(event)
                if stage.status is StageStatus.RUNNING:
                    stage.phase = tr("epoch {epoch} of {epochs}", epoch=event.epoch, epochs=event.epochs)
                    stage.seconds_left = (event.epochs - event.epoch) * event.seconds
                stage.done_fraction = event.epoch / max(event.epochs, 1)
            case EvidenceFound():
                stage.evidence[event.evidence.kind] = event.evidence.document
                if event.evidence.sentence:
                    self._say(event, f"{recognised(stage.plan.title)}: {recognised(event.evidence.sentence)}")
            case StageFinished():
                stage.done_fraction, stage.seconds, stage.phase = 1.0, event.seconds, ""
                stage.seconds_left = 0.0
                stage.status = _final_status(event)
                took = "" if event.reused else f", {duration_text(event.seconds)}"
                self._say(event, f"{recognised(stage.plan.title)}: {tr(stage.status)}{took}.")

    def _say(self, event: EngineEvent, text: str, severity: Severity = "note") -> None:
        self.log.append(LogEntry(event.time, severity, in_window_words(text)))


def _done_fraction(stages: Iterable[StageProgress]) -> float:
    """By estimated time, 0 to 1."""
    parts = [(max(stage.plan.estimated_seconds, MIN_WEIGHT_S), stage.done_fraction) for stage in stages]
    whole = sum(weight for weight, _ in parts)
    return min(sum(weight * fraction for weight, fraction in parts) / whole, 1.0) if parts else 0.0


@lru_cache(maxsize=8)
def _read(recipe: str) -> Recipe | None:
    """Once for each text: progress is asked for with every event."""
    try:
        return parse_recipe(recipe)
    except RecipeError:
        return None


def _final_status(event: StageFinished) -> StageStatus:
    if event.reused:
        return StageStatus.REUSED
    return StageStatus.STOPPED if event.stopped_early else StageStatus.DONE
