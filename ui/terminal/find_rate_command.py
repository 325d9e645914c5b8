"""`check --find-rate`: tries learning rates in an engine child, and prints the curve and what to write."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text

from engine.contract.events import EngineEvent, RateSearchPhase, RateTried
from engine.contract.recipe_file import read_recipe
from engine.language.speech import tr
from engine.store.durable_file import write_durably
from ui.durations import duration_text
from ui.terminal.cancel_on_signal import CancelOnSignal
from ui.terminal.one_bar import Draw, OneBar, phase_title
from ui.terminal.plain_console import plain_console
from ui.terminal.rate_table import rate_table, suggestion_text
from ui.terminal.run_command import WrittenResults, explain
from workers.engine_process import EngineProcess
from workers.keep_awake import keeping_awake


def find_rate_command(recipe_path: Path, runs_directory: Path, json: Path | None) -> int:
    """Search in an engine child; returns the exit code: 0 also where there is no suggestion."""
    recipe = read_recipe(recipe_path)
    WrittenResults(json).refuse_unwritable()
    console = plain_console()
    process = EngineProcess(recipe, runs_directory.absolute(), give_way=False, task="find_rate")
    with CancelOnSignal(process, tr("Cancelling the search.")), keeping_awake(), OneBar(console, _draw) as shown:
        for batch in process.batches():
            for event in batch:
                shown.show(event)
        outcome = process.outcome()
    if outcome.curve is None:
        explain(outcome)
        return outcome.exit_code
    if json is not None:
        write_durably(json, outcome.curve.model_dump_json(by_alias=True, indent=2) + "\n")
    if outcome.curve.tried:
        console.print(rate_table(outcome.curve))
    console.print(Text(suggestion_text(outcome.curve, recipe.training)), soft_wrap=True, highlight=False)
    return outcome.exit_code


def _draw(event: EngineEvent, draw: Draw) -> None:
    match event:
        case RateSearchPhase():
            draw(phase_title(event.phase), 0, None, "")
        case RateTried():
            detail = tr(
                "{rate:.1e}: loss {loss:.3f}, {left} left",
                rate=event.tried.rate,
                loss=event.tried.smoothed_loss,
                left=duration_text(event.seconds_left),
            )
            draw(tr("Trying learning rates"), event.done, event.total, detail)
        case _:
            pass
