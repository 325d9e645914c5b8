"""Each chain over the repetitions of a study, as the command line prints it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from engine.contract.repeated_results import ChainSummary
from engine.figures.summary_text import summary_heads, summary_rows, summary_title


def summary_table(summary: Sequence[ChainSummary]) -> Table:
    """One row per chain and image setting."""
    table = Table(title=summary_title(summary), title_justify="left")
    table.add_column("chain", overflow="fold", min_width=9)
    for head in summary_heads(summary):
        table.add_column(head, justify="right", no_wrap=True)
    for row in summary_rows(summary):
        table.add_row(*row)
    return table
