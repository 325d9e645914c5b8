"""Each chain over the repetitions of a study, as the command line prints it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from engine.contract.repeated_results import ChainSummary
from engine.figures.summary_text import summary_heads, summary_rows, summary_title
from engine.language.sentence_recognition import recognised
from engine.language.speech import tr
from ui.said_figure import said_figure
from ui.terminal.named_rows_table import NamedRowsTable


def summary_table(summary: Sequence[ChainSummary]) -> Table:
    """One row per chain and image setting."""
    table = NamedRowsTable(recognised(summary_title(summary)), tr("chain"))
    for head in summary_heads(summary):
        table.add_figure(recognised(head))
    for name, *figures in summary_rows(summary):
        table.add_row(name, *map(said_figure, figures))
    return table
