"""Shows a run in the terminal: one progress bar for the stage at work, a line for each that is done."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from engine.contract.events import (
    BatchProgress,
    DatasetReady,
    EngineEvent,
    EpochFinished,
    EvidenceFound,
    FeatureProgress,
    Notice,
    PreparationProgress,
    RunStarted,
    StageFinished,
    StagePhase,
    StagesPlanned,
    StageStarted,
    TrialFinished,
    VariantMeasured,
)
from engine.contract.findings import Severity
from engine.contract.recipe import Recipe
from ui.counts import counted
from ui.durations import duration_text
from ui.search_text import trial_line

COPIES = ("dataset.duplicates", "dataset.near_duplicate_bits")
"""Where a finding on copies belongs."""


class ProgressView:
    """Takes the engine's events; a context manager around the run. Plain lines where the output is no terminal."""

    def __init__(self, console: Console, recipe: Recipe | None = None) -> None:
        """
        Args:
            recipe: what runs, by which a search's orders of steps are told with their names.
        """
        self._console = console
        self._recipe = recipe
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[detail]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task: TaskID = self._progress.add_task("Starting the engine", total=None, detail="")
        self._titles: dict[str, str] = {}
        self._last_epoch: dict[str, EpochFinished] = {}
        self._accuracies: dict[tuple[str, int], float] = {}
        """Stage and epoch → validation accuracy."""
        self._found: dict[str, dict[str, str]] = {}
        """Stage → kind of evidence → its sentence."""
        self._measured: set[str] = set()
        self._has_told_of_copies = False

    def __enter__(self) -> ProgressView:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def show(self, events: Iterable[EngineEvent]) -> None:
        """Take a batch of events."""
        for event in events:
            self._show(event)

    def _show(self, event: EngineEvent) -> None:
        match event:
            case RunStarted():
                self._titles = {stage.key: stage.title for stage in event.stages}
                self._line(f"Run {event.run} in {event.directory}")
                for finding in event.findings:
                    if finding.severity is Severity.WARNING:
                        where = f"{finding.where}: " if finding.where else ""
                        self._line(f"  warning: {where}{finding.message}", "yellow")
            case StagesPlanned():
                self._titles |= {stage.key: stage.title for stage in event.stages if stage.key not in self._titles}
            case TrialFinished():
                self._line(trial_line(event, self._recipe), "bold" if event.trial in event.front else "")
            case PreparationProgress():
                self._bar("Reading images", event.done, event.total, f"{event.done:,} of {event.total:,}")
            case DatasetReady():
                self._line(_dataset_line(event))
                self._tell_of_copies(event)
            case StageStarted():
                resumed = f", resuming after epoch {event.resumed_epoch}" if event.resumed_epoch else ""
                self._bar(self._titles[event.stage] + resumed, 0, None, "starting")
            case BatchProgress():
                done = (event.epoch - 1) * event.batches + event.batch
                left = duration_text(event.seconds_left)
                detail = f"epoch {event.epoch}/{event.epochs}, loss {event.loss:.3f}, {left} left"
                self._bar(self._titles[event.stage], done, event.epochs * event.batches, detail)
            case FeatureProgress():
                detail = f"features of the frozen base, {duration_text(event.seconds_left)} left"
                self._bar(self._titles[event.stage], event.done, event.total, detail)
            case EpochFinished():
                self._last_epoch[event.stage] = event
                self._accuracies[event.stage, event.epoch] = event.validation_accuracy
            case StagePhase():
                self._bar(self._titles[event.stage], None, None, event.phase)
            case EvidenceFound():
                self._found.setdefault(event.stage, {})[event.evidence.kind] = event.evidence.sentence
            case StageFinished():
                self._line(self._stage_line(event))
                for sentence in filter(None, self._found.get(event.stage, {}).values()):
                    self._line(f"    {sentence}")
            case VariantMeasured() if event.variant.name not in self._measured:
                self._measured.add(event.variant.name)
                variant = event.variant
                self._line(
                    f"    {variant.name}: accuracy {variant.accuracy:.3f}, {variant.model_bytes / 1024:,.1f} KiB, "
                    f"zipped {variant.zip_bytes / 1024:,.1f} KiB"
                )
            case Notice():
                self._bar(event.message, None, None, "")
                self._line(event.message, "yellow" if event.severity == "warning" else "")
            case _:
                pass

    def _tell_of_copies(self, event: DatasetReady) -> None:
        """Why images are left out, once: the same for every image setting. Warnings come as notices."""
        if event.dataset.left_out and not self._has_told_of_copies:
            self._has_told_of_copies = True
            for finding in event.dataset.findings:
                if finding.where in COPIES and finding.severity is Severity.NOTE:
                    self._line(f"  {finding.message}")

    def _stage_line(self, event: StageFinished) -> str:
        epoch = self._last_epoch.get(event.stage)
        how = "computed before" if event.reused else f"in {duration_text(event.seconds)}"
        stopped = ", stopped early" if event.stopped_early else ""
        accuracy = ""
        if epoch:
            kept = epoch.kept_epoch
            if kept is None:  # As a version of the program stored it that did not say.
                return f"  {self._titles[event.stage]} {how}, {counted(epoch.epoch, 'epoch')}{stopped}"
            reached = self._accuracies.get((event.stage, kept), epoch.validation_accuracy)
            accuracy = f", validation accuracy {reached:.3f} "
            if kept == epoch.epoch:
                accuracy += f"after {counted(epoch.epoch, 'epoch')}"
            else:
                accuracy += f"in epoch {kept} of {epoch.epoch}, which is kept"
        return f"  {self._titles[event.stage]} {how}{accuracy}{stopped}"

    def _bar(self, text: str, done: int | None, total: int | None, detail: str) -> None:
        self._progress.update(self._task, description=text, completed=done, total=total, detail=detail)

    def _line(self, text: str, style: str = "") -> None:
        self._console.print(Text(text, style=style), highlight=False, soft_wrap=True)


def _dataset_line(event: DatasetReady) -> str:
    data, size = event.dataset, event.images
    at = f" at {event.setting}" if event.setting else ""
    skipped = f", {len(data.skipped)} skipped" if data.skipped else ""
    if data.left_out:
        skipped += f", {data.left_out:,} {'copy' if data.left_out == 1 else 'copies'} left out"
    return (
        f"Images{at}: {data.train:,} train, {data.validation:,} validation, {data.test:,} test{skipped}; classes "
        f"{', '.join(data.classes)}; {size.compression_ratio:.2f}:1, space gain {size.space_gain * 100:.0f} %"
        f"{' (decoded by an earlier run)' if event.cached else ''}"
    )
