"""`sensitivity`: what compressing each layer alone costs, measured in an engine child; prints a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.text import Text

from engine.contract.errors import RecipeError
from engine.contract.events import (
    BatchProgress,
    EngineEvent,
    LayerMeasured,
    SensitivityPhase,
    StagePhase,
)
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import read_recipe
from engine.contract.sensitivity import MAX_IMAGES, SensitivityRequest
from engine.inspection.run_models import InspectedRun
from engine.language.sentence_recognition import recognised
from engine.language.speech import tr
from engine.store.durable_file import write_durably
from ui.durations import duration_text
from ui.terminal.cancel_on_signal import CancelOnSignal
from ui.terminal.one_bar import Draw, OneBar, phase_title
from ui.terminal.plain_console import plain_console
from ui.terminal.progress_view import batch_text
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
            raise RecipeError(
                tr("--images {typed}: name a number from 1 to {most:,}.", typed=self.images, most=MAX_IMAGES)
            )
        path = Path(self.network).expanduser()
        if path.is_file():
            if self.variant:
                raise RecipeError(tr("--variant names one of a run's; of a recipe, the baseline is measured."))
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
    with CancelOnSignal(process, tr("Cancelling.")), keeping_awake(), OneBar(console, _draw) as shown:
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
        console.print(Text(recognised(note)), soft_wrap=True, highlight=False)
    return outcome.exit_code


def _draw(event: EngineEvent, draw: Draw) -> None:
    match event:
        case SensitivityPhase() | StagePhase():
            draw(phase_title(event.phase), 0, None, "")
        case BatchProgress():
            done = (event.epoch - 1) * event.batches + event.batch
            draw(tr("Training the baseline"), done, event.epochs * event.batches, batch_text(event))
        case LayerMeasured():
            detail = tr("{layer}, {left} left", layer=event.layer, left=duration_text(event.seconds_left))
            draw(tr("Changing one layer at a time"), round(STEPS * event.done_fraction), STEPS, detail)
        case _:
            pass
