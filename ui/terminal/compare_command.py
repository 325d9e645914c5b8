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
from engine.figures.figure_text import p_text
from engine.figures.variant_figures import figures
from engine.store.durable_file import write_durably
from ui.terminal.inspect_command import told_on_stderr
from ui.terminal.named_rows_table import NamedRowsTable
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
        progress.phase("timing all files in turn")
        try:
            with quiet_stderr():
                comparison = comparison.timed_in_turn(progress)
        except KeyboardInterrupt:
            raise Cancelled("Stopped; nothing was written.") from None
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
            said = f'"{run.title}" has none of the variants that --variant names, so it is not compared.'
            console.print(Text(said, style="yellow"), soft_wrap=True)
    return EXIT_DONE


def _refuse_unwritable(option: str, path: Path | None) -> None:
    if path is None:
        return
    if path.is_dir():
        raise DataError(f"{option} {path} is a folder; name a file in it.")
    if not path.absolute().parent.is_dir():
        raise DataError(f"{option} {path}: there is no folder {path.absolute().parent}; create it first.")


def _print(console: Console, comparison: Comparison) -> None:
    console.print(comparison_table(comparison))
    if (pairs := paired_rows(comparison)) is not None:
        console.print(pairs)
    if comparison.differences:
        console.print(differences_table(comparison))
    else:
        console.print(comparison.recipes_sentence)
    for warning in comparison.warnings:
        console.print(Text(warning, style="yellow"), soft_wrap=True)
    sys.stdout.flush()


def comparison_table(comparison: Comparison) -> Table:
    """One row per variant; ratios and agreement are against the chosen baseline, a dash where they do not compare."""
    table = NamedRowsTable(f"Against {comparison.baseline.name}", "run: variant", NAME_WIDTH)
    settings = len({row.source.variant.setting for row in comparison.rows}) > 1
    shown = figures(*(("setting",) if settings else ()), *SHOWN)
    for figure in shown:
        table.add_figure(figure.head)
    for row in comparison.rows:
        texts = (comparison.text(figure, row).replace(" (", "\n(") for figure in shown)
        table.add_row(row.name, *texts)
    return table


def paired_rows(comparison: Comparison) -> Table | None:
    """Each variant against the baseline on the same test images; None: no other was tested on them."""
    rows = [row for row in comparison.rows if row.shown.paired and row is not comparison.baseline]
    if not rows:
        return None
    title = f"Against {comparison.baseline.name}, on the same test images"
    table = NamedRowsTable(title, "run: variant", NAME_WIDTH)
    for head in ("Δ accuracy, points\n(95 % CI)", "became\nwrong", "became\nright", "p", "p, corrected\n(Holm)"):
        table.add_figure(head)
    for row in rows:
        one = row.shown.paired
        assert one is not None
        low, high = (100 * end for end in one.difference_ci95)
        change = f"{100 * one.difference:+.1f} ({low:+.1f} to {high:+.1f})"
        corrected = "" if one.p_holm is None else p_text(one.p_holm)
        table.add_row(row.name, change, f"{one.lost:,}", f"{one.won:,}", p_text(one.p_value), corrected)
    return table


def differences_table(comparison: Comparison) -> Table:
    """The recipe keys that are not the same in all runs."""
    table = Table(title="What differs in the recipes", title_justify="left")
    table.add_column("key", overflow="fold", min_width=12)
    for title in comparison.studies:
        table.add_column(title, overflow="fold")
    for one in comparison.differences:
        table.add_row(one.key, *map(_cut, one.values))
    return table


def _cut(text: str, longest: int = 60) -> Text:
    return Text(text if len(text) <= longest else f"{text[: longest - 1]}…")
