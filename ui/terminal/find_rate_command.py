"""`check --find-rate`: tries learning rates in an engine child, and prints the curve and what to write."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from engine.contract.events import EngineEvent, Notice, PreparationProgress, RateSearchPhase, RateTried
from engine.contract.recipe_file import read_recipe
from engine.store.durable_file import write_durably
from ui.durations import duration_text
from ui.terminal.cancel_on_signal import CancelOnSignal
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
    with CancelOnSignal(process, "Cancelling the search."), keeping_awake(), _Shown(console) as shown:
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


class _Shown:
    """One bar; nothing but notices where the output is no terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[detail]}"))
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._progress.add_task("Starting the engine", total=None, detail="")

    def __enter__(self) -> _Shown:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, event: EngineEvent) -> None:
        match event:
            case PreparationProgress():
                left = "" if event.seconds_left is None else f", {duration_text(event.seconds_left)} left"
                of_all = f" of {event.total:,}" if event.total else ""
                self._bar("Reading images", event.done, event.total or None, f"{event.done:,}{of_all}{left}")
            case RateSearchPhase():
                self._bar(event.phase[:1].upper() + event.phase[1:], 0, None, "")
            case RateTried():
                left = duration_text(event.seconds_left)
                detail = f"{event.tried.rate:.1e}: loss {event.tried.smoothed_loss:.3f}, {left} left"
                self._bar("Trying learning rates", event.done, event.total, detail)
            case Notice():
                style = "yellow" if event.severity == "warning" else ""
                self._console.print(Text(event.message, style=style), highlight=False, soft_wrap=True)
            case _:
                pass

    def _bar(self, text: str, done: int, total: int | None, detail: str) -> None:
        self._progress.update(self._task, description=text, completed=done, total=total, detail=detail)
