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
from engine.language.sentence_recognition import recognised
from engine.language.speech import tr, tr_count
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
        self._task: TaskID = self._progress.add_task(tr("Starting the engine"), total=None, detail="")
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
                self._titles = {stage.key: recognised(stage.title) for stage in event.stages}
                self._line(tr("Run {name} in {folder}", name=event.run, folder=event.directory))
                for finding in event.findings:
                    if finding.severity is Severity.WARNING:
                        where = f"{finding.where}: " if finding.where else ""
                        self._line(f"  {tr('warning')}{tr(':')} {where}{recognised(finding.message)}", "yellow")
            case StagesPlanned():
                self._titles |= {
                    stage.key: recognised(stage.title) for stage in event.stages if stage.key not in self._titles
                }
            case TrialFinished():
                self._line(trial_line(event, self._recipe), "bold" if event.trial in event.front else "")
            case PreparationProgress():
                detail = tr("{done:,} of {total:,}", done=event.done, total=event.total)
                self._bar(tr("Reading images"), event.done, event.total, detail)
            case DatasetReady():
                self._line(_dataset_line(event))
                self._tell_of_copies(event)
            case StageStarted():
                resumed = tr(", resuming after epoch {epoch}", epoch=event.resumed_epoch) if event.resumed_epoch else ""
                self._bar(self._titles[event.stage] + resumed, 0, None, tr("starting"))
            case BatchProgress():
                done = (event.epoch - 1) * event.batches + event.batch
                self._bar(self._titles[event.stage], done, event.epochs * event.batches, batch_text(event))
            case FeatureProgress():
                detail = tr("features of the frozen base, {left} left", left=duration_text(event.seconds_left))
                self._bar(self._titles[event.stage], event.done, event.total, detail)
            case EpochFinished():
                self._last_epoch[event.stage] = event
                self._accuracies[event.stage, event.epoch] = event.validation_accuracy
            case StagePhase():
                self._bar(self._titles[event.stage], None, None, recognised(event.phase))
            case EvidenceFound():
                self._found.setdefault(event.stage, {})[event.evidence.kind] = event.evidence.sentence
            case StageFinished():
                self._line(self._stage_line(event))
                for sentence in filter(None, self._found.get(event.stage, {}).values()):
                    self._line(f"    {recognised(sentence)}")
            case VariantMeasured() if event.variant.name not in self._measured:
                self._measured.add(event.variant.name)
                variant = event.variant
                said = tr(
                    "{name}: accuracy {accuracy:.3f}, {size:,.1f} KiB, zipped {zipped:,.1f} KiB",
                    name=variant.name,
                    accuracy=variant.accuracy,
                    size=variant.model_bytes / 1024,
                    zipped=variant.zip_bytes / 1024,
                )
                self._line(f"    {said}")
            case Notice():
                message = recognised(event.message)
                self._bar(message, None, None, "")
                self._line(message, "yellow" if event.severity == "warning" else "")
            case _:
                pass

    def _tell_of_copies(self, event: DatasetReady) -> None:
        """Why images are left out, once: the same for every image setting. Warnings come as notices."""
        if event.dataset.left_out and not self._has_told_of_copies:
            self._has_told_of_copies = True
            for finding in event.dataset.findings:
                if finding.where in COPIES and finding.severity is Severity.NOTE:
                    self._line(f"  {recognised(finding.message)}")

    def _stage_line(self, event: StageFinished) -> str:
        epoch = self._last_epoch.get(event.stage)
        how = tr("computed before") if event.reused else tr("in {duration}", duration=duration_text(event.seconds))
        stopped = tr(", stopped early") if event.stopped_early else ""
        accuracy = ""
        if epoch:
            kept = epoch.kept_epoch
            if kept is None:  # As a version of the program stored it that did not say.
                return f"  {self._titles[event.stage]} {how}, {counted(epoch.epoch, 'epoch')}{stopped}"
            reached = self._accuracies.get((event.stage, kept), epoch.validation_accuracy)
            accuracy = tr(", validation accuracy {reached:.3f} ", reached=reached)
            if kept == epoch.epoch:
                accuracy += tr("after {epochs}", epochs=counted(epoch.epoch, "epoch"))
            else:
                accuracy += tr("in epoch {kept} of {epochs}, which is kept", kept=kept, epochs=epoch.epoch)
        return f"  {self._titles[event.stage]} {how}{accuracy}{stopped}"

    def _bar(self, text: str, done: int | None, total: int | None, detail: str) -> None:
        self._progress.update(self._task, description=text, completed=done, total=total, detail=detail)

    def _line(self, text: str, style: str = "") -> None:
        self._console.print(Text(text, style=style), highlight=False, soft_wrap=True)


def _dataset_line(event: DatasetReady) -> str:
    data, size = event.dataset, event.images
    at = tr(" at {setting}", setting=event.setting) if event.setting else ""
    skipped = tr(", {skipped} skipped", skipped=len(data.skipped)) if data.skipped else ""
    if data.left_out:
        skipped += ", " + tr_count("{count:,} copy left out", "{count:,} copies left out", data.left_out)
    return tr(
        "Images{at}: {train:,} train, {validation:,} validation, {test:,} test{skipped}; classes "
        "{names}; {ratio:.2f}:1, space gain {gain:.0f} %{cached}",
        at=at,
        train=data.train,
        validation=data.validation,
        test=data.test,
        skipped=skipped,
        names=", ".join(data.classes),
        ratio=size.compression_ratio,
        gain=size.space_gain * 100,
        cached=tr(" (decoded by an earlier run)") if event.cached else "",
    )


def batch_text(event: BatchProgress) -> str:
    """Such as "epoch 3/10, loss 0.412, 12 s left"."""
    return tr(
        "epoch {epoch}/{epochs}, loss {loss:.3f}, {left} left",
        epoch=event.epoch,
        epochs=event.epochs,
        loss=event.loss,
        left=duration_text(event.seconds_left),
    )
