"""What a search found, as the command line prints it."""

from __future__ import annotations

from rich.table import Table

from engine.contract.recipe import Recipe
from engine.contract.search_result import SearchResult
from ui.search_text import front_heads, front_rows, search_title


def front_table(search: SearchResult, recipe: Recipe) -> Table:
    """One row per point of the front."""
    table = Table(title=search_title(search), title_justify="left")
    last = len(search.objectives) + 1
    for place, head in enumerate(front_heads(search)):
        table.add_column(head, justify="left" if place >= last else "right", overflow="fold")
    for row in front_rows(search, recipe):
        table.add_row(*row)
    return table
