"""A table of figures that stays readable in a narrow terminal."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import replace

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Column, Table

UNLIMITED = 100_000
"""Characters in a line."""


class NamedRowsTable(Table):
    """Names in the first column, figures in the others; those without room follow below, beside the names."""

    def __init__(self, title: str, name_head: str, name_width: int = 9) -> None:
        """
        Args:
            name_width: in characters, which the names get at least; longer ones take several lines.
        """
        super().__init__(title=title, title_justify="left")
        self.add_column(name_head, overflow="fold", min_width=name_width)

    def add_figure(self, head: str) -> None:
        """One more column of figures, none of which is cut."""
        self.add_column(head, justify="right", no_wrap=True)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for number, columns in enumerate(self._blocks(console, options)):
            block = self._block(columns)
            block.title = None if number else self.title
            yield from Table.__rich_console__(block, console, options)

    def _blocks(self, console: Console, options: ConsoleOptions) -> Iterator[list[Column]]:
        names, *figures = self.columns
        block = [names]
        for figure in figures:
            wider = [*block, figure]
            if len(block) > 1 and self._least_width(wider, console, options) > options.max_width:
                yield block
                wider = [names, figure]
            block = wider
        yield block

    def _least_width(self, columns: list[Column], console: Console, options: ConsoleOptions) -> int:
        wide = options.update_width(UNLIMITED)
        names, figures = (Table.__rich_measure__(self._block(one), console, wide) for one in (columns[:1], columns[1:]))
        assert isinstance(names, Measurement)
        assert isinstance(figures, Measurement)
        # Names may be folded, figures are not; one border is of both.
        return names.minimum + figures.maximum - 1

    def _block(self, columns: list[Column]) -> Table:
        block = copy(self)
        block.columns = [replace(column, _index=place) for place, column in enumerate(columns)]
        return block
