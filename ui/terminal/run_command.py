"""`run`: a recipe without a window, with a progress bar and the table of variants at the end."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from engine.advice.accuracy_floor import AccuracyFloor
from engine.contract.errors import EXIT_FAILED, DataError
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import build_recipe, read_recipe, recipe_document
from engine.contract.run_result import RunResult
from engine.doctor.health_check import Trouble
from engine.doctor.window_trouble import NO_DISPLAY
from engine.figures.variant_figures import told_variants
from engine.language.sentence_recognition import recognised
from engine.language.speech import tr
from engine.store.durable_file import write_durably
from ui.recall_text import repeated_recall_lines
from ui.search_text import search_title
from ui.terminal.cancel_on_signal import CancelOnSignal
from ui.terminal.front_table import front_table
from ui.terminal.image_settings_table import image_settings_table
from ui.terminal.markdown_table import markdown_page
from ui.terminal.paired_table import paired_table, recall_table
from ui.terminal.plain_console import plain_console
from ui.terminal.progress_view import ProgressView
from ui.terminal.recommended_files import recommendation_texts
from ui.terminal.summary_table import summary_table
from ui.terminal.variants_table import epochs_table, evidence_tables, notes, variants_table
from workers.engine_process import EngineProcess
from workers.keep_awake import keeping_awake
from workers.process_outcome import Ending, ProcessOutcome


@dataclass(frozen=True)
class WrittenResults:
    """Where a run's results are written to beside its own directory; None: nowhere."""

    json: Path | None = None
    markdown: Path | None = None
    floor: AccuracyFloor = field(default_factory=AccuracyFloor)
    """What a recommended file must reach."""

    def refuse_unwritable(self) -> None:
        """Raises: DataError, before anything is computed that could then not be written."""
        for option, path in (("--json", self.json), ("--markdown", self.markdown)):
            if path is not None and path.is_dir():
                raise DataError(tr("{option} {path} is a folder; name a file in it.", option=option, path=path))
            if path is not None and not path.absolute().parent.is_dir():
                raise DataError(
                    tr(
                        "{option} {path}: there is no folder {folder}; create it first.",
                        option=option,
                        path=path,
                        folder=path.absolute().parent,
                    )
                )

    def write(self, recipe: Recipe, result: RunResult) -> None:
        if self.json is not None:
            write_durably(self.json, result.model_dump_json(by_alias=True, indent=2) + "\n")
        if self.markdown is not None:
            write_durably(self.markdown, markdown_page(recipe, result, self.floor))


def run_command(
    recipe_path: Path, runs_directory: Path, results: WrittenResults, quiet: bool, seeds: tuple[int, ...] = ()
) -> int:
    """Run the recipe in an engine child; returns the exit code.

    Args:
        seeds: instead of the recipe's own; empty: those.
    """
    recipe = read_recipe(recipe_path)
    if seeds:
        recipe = build_recipe(recipe_document(recipe) | {"seeds": list(seeds)}, "--seeds")
    results.refuse_unwritable()
    return _run(recipe, runs_directory, results, quiet)


def run_without_window(recipe: Recipe, runs_directory: Path, trouble: Trouble) -> int:
    """The demo where no window can open."""
    if trouble == NO_DISPLAY:
        said = tr("There is no display, so the demo runs here; with one, the window opens and shows it live.")
    else:
        why = f"{recognised(trouble.what)} {recognised(trouble.remedy)}"
        said = f"{why}\n{tr('So the demo runs here, without the window.')}"
    sys.stdout.write(f"{said}\n")
    return _run(recipe, runs_directory, WrittenResults(), quiet=False)


def _run(recipe: Recipe, runs_directory: Path, results: WrittenResults, quiet: bool) -> int:
    console = plain_console(quiet)
    process = EngineProcess(recipe, runs_directory.absolute(), give_way=False)
    with (
        keeping_awake(),
        CancelOnSignal(process, tr("Cancelling; finished stages are kept.")),
        ProgressView(console, recipe) as view,
    ):
        for batch in process.batches():
            view.show(batch)
        outcome = process.outcome()
    if outcome.result is not None:
        results.write(recipe, outcome.result)
        _print_result(console, recipe, outcome.result, results.floor)
    if outcome.ending is not Ending.DONE:
        explain(outcome)
    return outcome.exit_code


def _print_result(console: Console, recipe: Recipe, result: RunResult, floor: AccuracyFloor) -> None:
    console.print()
    told = result.model_copy(update={"variants": told_variants(result)})
    console.print(variants_table(told))
    if (pairs := paired_table(told)) is not None:
        console.print(pairs)
    if (recalls := recall_table(told)) is not None:
        console.print(recalls)
    if result.search is not None:
        title = f"{search_title(result.search)}."
        console.print(front_table(result.search, recipe) if result.search.front else title, soft_wrap=True)
        for point in result.search.front:
            of_point = Path(result.directory) / point.recipe
            said = tr("Recipe of trial {trial}: {path}", trial=point.trial, path=of_point)
            console.print(said, soft_wrap=True, highlight=False)
        if result.search.note:
            console.print(recognised(result.search.note), style="yellow", soft_wrap=True)
    if result.summary:
        console.print(summary_table(result.summary))
        for said in repeated_recall_lines(result.summary):
            console.print(said, soft_wrap=True, highlight=False)
    if result.epoch_sweep:
        console.print(epochs_table(result))
    for table in evidence_tables(told):
        console.print(table)
    for note in notes(told):
        console.print(note, soft_wrap=True)
    if len(result.image_settings) > 1:
        console.print(image_settings_table(result))
    for line in recommendation_texts(result, floor):
        console.print(line)
    files = tr("Files: {folder}", folder=Path(result.directory) / "models")
    console.print(files, soft_wrap=True, highlight=False)


def explain(outcome: ProcessOutcome) -> None:
    """Say on the error stream why it did not end well."""
    # What is wrong with a recipe or its data is said in one sentence, and no log tells more of it.
    if outcome.log and outcome.exit_code == EXIT_FAILED:
        sys.stderr.write(tr("Details: {file}", file=outcome.log) + "\n")
    sys.stderr.write(f"{recognised(outcome.message)}\n")
