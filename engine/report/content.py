"""What a report consists of, before it becomes a page, a PDF or LaTeX: sections of prose, tables, figures, listings.

A text may cite: "pruned [[zhu2017prune]]" names a reference by its key, several are separated by commas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawn


@dataclass(frozen=True)
class Prose:
    """One paragraph."""

    text: str
    is_quotable: bool = False
    """Whether it may be pasted into a paper: it is set apart."""


@dataclass(frozen=True)
class BulletList:
    """Short sentences, one per line."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class ReportTable:
    """A table with a head of one or two lines."""

    key: str
    """The stem of its files, such as "accuracy"."""
    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: frozenset[int] = frozenset({0})
    """Columns of words; all others are numbers, aligned right."""
    wraps: frozenset[int] = frozenset()
    """Columns of sentences, which may take several lines."""


@dataclass(frozen=True)
class ReportFigure:
    """A figure that is drawn when the report is written."""

    key: str
    """The stem of its files, such as "trade-off"."""
    caption: str
    described: str
    """What it shows, for those who cannot see it."""
    draw: Callable[[], Drawn]


@dataclass(frozen=True)
class Listing:
    """Text in letters of one width, such as a recipe."""

    text: str


Block = Prose | BulletList | ReportTable | ReportFigure | Listing


@dataclass(frozen=True)
class ReportSection:
    """A headed part of a report; empty ones are left out before."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class ReportPart:
    """All of one run, or what several share."""

    title: str
    lead: str
    """What is said below the title; empty: nothing."""
    sections: tuple[ReportSection, ...]


@dataclass(frozen=True)
class Report:
    """The whole, in order."""

    title: str
    parts: tuple[ReportPart, ...]

    def blocks(self) -> Iterator[Block]:
        """All of them, in the order in which they are read."""
        for part in self.parts:
            for section in part.sections:
                yield from section.blocks

    def tables(self) -> tuple[ReportTable, ...]:
        return tuple(block for block in self.blocks() if isinstance(block, ReportTable))

    def figures(self) -> tuple[ReportFigure, ...]:
        return tuple(block for block in self.blocks() if isinstance(block, ReportFigure))


def with_texts(report: Report, change: Callable[[str], str]) -> Report:
    """The report with every text that is read changed; keys and drawings stay."""

    def of_block(block: Block) -> Block:
        match block:
            case Prose():
                return replace(block, text=change(block.text))
            case BulletList():
                return BulletList(tuple(map(change, block.items)))
            case ReportTable():
                rows = tuple(tuple(map(change, row)) for row in block.rows)
                return replace(block, caption=change(block.caption), heads=tuple(map(change, block.heads)), rows=rows)
            case ReportFigure():
                return replace(block, caption=change(block.caption), described=change(block.described))
            case Listing():
                return Listing(change(block.text))

    parts = tuple(
        ReportPart(
            change(part.title),
            change(part.lead),
            tuple(ReportSection(one.title, tuple(map(of_block, one.blocks))) for one in part.sections),
        )
        for part in report.parts
    )
    return Report(change(report.title), parts)
