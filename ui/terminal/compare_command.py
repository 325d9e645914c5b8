"""`compare`: variants of several runs in one table, what differs in their recipes, and what does not compare."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.comparison.comparison import Comparison, compared
from engine.comparison.comparison_csv import comparison_csv
from engine.comparison.comparison_record import comparison_record
from engine.comparison.run_selection import chosen_variants, open_runs
from engine.contract.errors import EXIT_DONE, Cancelled, DataError
from engine.figures.variant_figures import figures
from engine.language.sentence_recognition import recognised
from engine.language.speech import number_text, tr
from engine.store.durable_file import write_durably
from ui.said_figure import said_figure
from ui.terminal.inspect_command import told_on_stderr
from ui.terminal.named_rows_table import NamedRowsTable
from ui.terminal.paired_table import PAIRED_HEADS, paired_cells
from ui.terminal.quiet_stderr import quiet_stderr

NAME_WIDTH = 12
SHOWN = ("accuracy", "agreement", "size", "size_ratio", "zip", "sparsity", "latency", "latency_p95", "latency_ratio")


@dataclass(frozen=True)
class AskedComparison:
    """What the command line asks for."""

    runs: tuple[str, ...]
    variants: tuple[str, ...] = ()
    """Names; empty: all."""
    baseline: str = ""
    """A variant or a run; empty: the first run's baseline."""
    means: bool = False
    time: bool = False
    """Whether all files are timed in turn, now."""
    json: Path | None = None
    csv: Path | None = None


def compare_command(asked: AskedComparison, runs_directory: Path) -> int:
    """Print the comparison, and write it.

    Raises:
        NutshellError: a run or a variant cannot be used, or a file cannot be written.
    """
    for option, path in (("--json", asked.json), ("--csv", asked.csv)):
        _refuse_unwritable(option, path)
    runs = open_runs(asked.runs, runs_directory)
    comparison = compared(chosen_variants(runs, asked.variants, asked.means), asked.baseline)
    if asked.time:
        progress = told_on_stderr()
        progress.phase(tr("timing all files in turn"))
        try:
            with quiet_stderr():
                comparison = comparison.timed_in_turn(progress)
        except KeyboardInterrupt:
            raise Cancelled(tr("Stopped; nothing was written.")) from None
    if asked.json is not None:
        text = comparison_record(comparison).model_dump_json(by_alias=True, indent=1)
        write_durably(asked.json, f"{text}\n")
    if asked.csv is not None:
        write_durably(asked.csv, comparison_csv(comparison))
    console = Console(highlight=False)
    _print(console, comparison)
    there = {row.source.run.run for row in comparison.rows}
    for run in runs:
        if run.run not in there:
            said = tr(
                '"{title}" has none of the variants that --variant names, so it is not compared.', title=run.title
            )
            console.print(Text(said, style="yellow"), soft_wrap=True)
    return EXIT_DONE


def _refuse_unwritable(option: str, path: Path | None) -> None:
    if path is None:
        return
    if path.is_dir():
        raise DataError(tr("{option} {path} is a folder; name a file in it.", option=option, path=path))
    if not path.absolute().parent.is_dir():
        folder = path.absolute().parent
        raise DataError(
            tr(
                "{option} {path}: there is no folder {folder}; create it first.",
                option=option,
                path=path,
                folder=folder,
            )
        )


def _print(console: Console, comparison: Comparison) -> None:
    console.print(comparison_table(comparison))
    if (pairs := paired_rows(comparison)) is not None:
        console.print(pairs)
    if comparison.differences:
        console.print(differences_table(comparison))
    else:
        console.print(recognised(comparison.recipes_sentence))
    for warning in comparison.warnings:
        console.print(Text(recognised(warning), style="yellow"), soft_wrap=True)
    sys.stdout.flush()


def comparison_table(comparison: Comparison) -> Table:
    """One row per variant; ratios and agreement are against the chosen baseline, a dash where they do not compare."""
    title = tr("Against {name}", name=comparison.baseline.name)
    table = NamedRowsTable(title, tr("run: variant"), NAME_WIDTH)
    settings = len({row.source.variant.setting for row in comparison.rows}) > 1
    shown = figures(*(("setting",) if settings else ()), *SHOWN)
    for figure in shown:
        table.add_figure(tr(figure.head))
    for row in comparison.rows:
        texts = (said_figure(comparison.text(figure, row)).replace(" (", "\n(") for figure in shown)
        table.add_row(row.name, *texts)
    return table


def paired_rows(comparison: Comparison) -> Table | None:
    """Each variant against the baseline on the same test images; None: no other was tested on them."""
    rows = [row for row in comparison.rows if row.shown.paired and row is not comparison.baseline]
    if not rows:
        return None
    title = tr("Against {name}, on the same test images", name=comparison.baseline.name)
    table = NamedRowsTable(title, tr("run: variant"), NAME_WIDTH)
    for head in PAIRED_HEADS:
        table.add_figure(tr(head))
    for row in rows:
        one = row.shown.paired
        assert one is not None
        table.add_row(row.name, *paired_cells(one, number_text(f"{one.lost:,}"), number_text(f"{one.won:,}")))
    return table


def differences_table(comparison: Comparison) -> Table:
    """The recipe keys that are not the same in all runs."""
    table = Table(title=tr("What differs in the recipes"), title_justify="left")
    table.add_column(tr("key"), overflow="fold", min_width=12)
    for title in comparison.studies:
        table.add_column(title, overflow="fold")
    for one in comparison.differences:
        table.add_row(one.key, *map(_cut, one.values))
    return table


def _cut(text: str, longest: int = 60) -> Text:
    return Text(text if len(text) <= longest else f"{text[: longest - 1]}…")
