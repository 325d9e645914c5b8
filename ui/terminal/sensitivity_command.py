"""`sensitivity`: what compressing each layer alone costs, measured in an engine child; prints a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from engine.contract.errors import RecipeError
from engine.contract.events import (
    BatchProgress,
    EngineEvent,
    LayerMeasured,
    Notice,
    PreparationProgress,
    SensitivityPhase,
    StagePhase,
)
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import read_recipe
from engine.contract.sensitivity import MAX_IMAGES, SensitivityRequest
from engine.inspection.run_models import InspectedRun
from engine.store.durable_file import write_durably
from ui.durations import duration_text
from ui.terminal.cancel_on_signal import CancelOnSignal
from ui.terminal.plain_console import plain_console
from ui.terminal.run_command import WrittenResults, explain
from ui.terminal.sensitivity_table import sensitivity_table, sensitivity_title
from workers.engine_process import EngineProcess
from workers.keep_awake import keeping_awake

STEPS = 1000
"""Of the bar."""


@dataclass(frozen=True)
class Asked:
    """What the command line asks for."""

    network: str
    """A run's name or folder, or a recipe's file."""
    variant: str
    """Empty: the baseline."""
    images: int
    schemes: tuple[str, ...]
    """Empty: all."""

    def located(self, runs_directory: Path) -> tuple[Recipe, SensitivityRequest, Path]:
        """The recipe, what is asked of the engine, and the runs directory.

        Raises:
            NutshellError: it is neither a run nor a recipe, or an option does not fit.
        """
        if not 1 <= self.images <= MAX_IMAGES:
            raise RecipeError(f"--images {self.images}: name a number from 1 to {MAX_IMAGES:,}.")
        path = Path(self.network).expanduser()
        if path.is_file():
            if self.variant:
                raise RecipeError("--variant names one of a run's; of a recipe, the baseline is measured.")
            return read_recipe(path), SensitivityRequest(images=self.images, schemes=self.schemes), runs_directory
        run = InspectedRun.open(self.network, runs_directory)
        variant = run.model(self.variant).name if self.variant else ""
        request = SensitivityRequest(
            directory=str(run.directory), variant=variant, images=self.images, schemes=self.schemes
        )
        return run.recipe, request, run.directory.parent.parent


def sensitivity_command(asked: Asked, runs_directory: Path, json: Path | None) -> int:
    """Measure in an engine child; returns the exit code."""
    recipe, request, root = asked.located(runs_directory.absolute())
    WrittenResults(json).refuse_unwritable()
    console = plain_console()
    process = EngineProcess(recipe, root, give_way=False, task="sensitivity", sensitivity=request)
    with CancelOnSignal(process, "Cancelling."), keeping_awake(), _ShownMeasurement(console) as shown:
        for batch in process.batches():
            for event in batch:
                shown.show(event)
        outcome = process.outcome()
    found = outcome.sensitivity
    if found is None:
        explain(outcome)
        return outcome.exit_code
    if json is not None:
        write_durably(json, found.model_dump_json(by_alias=True, indent=2) + "\n")
    console.print(Text(sensitivity_title(found)), soft_wrap=True, highlight=False)
    for scheme in found.schemes:
        console.print(sensitivity_table(found, scheme))
    for note in found.notes:
        console.print(Text(note), soft_wrap=True, highlight=False)
    return outcome.exit_code


class _ShownMeasurement:
    """One bar; nothing but notices where the output is no terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[detail]}"))
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._progress.add_task("Starting the engine", total=None, detail="")

    def __enter__(self) -> _ShownMeasurement:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, event: EngineEvent) -> None:
        match event:
            case PreparationProgress():
                left = "" if event.seconds_left is None else f", {duration_text(event.seconds_left)} left"
                self._bar("Reading images", event.done, event.total or None, f"{event.done:,}{left}")
            case SensitivityPhase() | StagePhase():
                self._bar(event.phase[:1].upper() + event.phase[1:], 0, None, "")
            case BatchProgress():
                done = (event.epoch - 1) * event.batches + event.batch
                left = duration_text(event.seconds_left)
                detail = f"epoch {event.epoch}/{event.epochs}, loss {event.loss:.3f}, {left} left"
                self._bar("Training the baseline", done, event.epochs * event.batches, detail)
            case LayerMeasured():
                detail = f"{event.layer}, {duration_text(event.seconds_left)} left"
                self._bar("Changing one layer at a time", round(STEPS * event.done_fraction), STEPS, detail)
            case Notice():
                style = "yellow" if event.severity == "warning" else ""
                self._console.print(Text(event.message, style=style), highlight=False, soft_wrap=True)
            case _:
                pass

    def _bar(self, text: str, done: int, total: int | None, detail: str) -> None:
        self._progress.update(self._task, description=text, completed=done, total=total, detail=detail)
