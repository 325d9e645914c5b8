"""`micro`: writes a variant's file as C source, with a sketch of its program, and says which boards it fits."""

from __future__ import annotations

import sys
from pathlib import Path

from engine.comparison.compared_run import open_compared_run
from engine.contract.errors import EXIT_DONE, DataError
from engine.contract.registry import unknown_name_message
from engine.export.microcontrollers.boards import KIB
from engine.export.microcontrollers.micro_export import (
    ESTIMATED,
    MicroRecord,
    micro_files,
    micro_record,
    write_micro_files,
)
from engine.figures.figure import MISSING
from engine.figures.figure_text import figure_text
from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, number_text, tr
from ui.terminal.named_rows_table import NamedRowsTable
from ui.terminal.plain_console import plain_console

FITS = {True: mark("yes"), False: mark("no"), None: mark("not known")}


def micro_command(run: str, runs_directory: Path, variant: str, out: Path) -> int:
    """Write the files into `out`, and print a table of the boards.

    Raises:
        NutshellError: the run, the variant or its file cannot be used, or `out` cannot be written.
    """
    opened = open_compared_run(run, runs_directory)
    known = {one.name: one for one in opened.variants}
    if variant not in known:
        raise DataError(unknown_name_message("variant", variant, list(known)))
    record = micro_record(opened.directory, known[variant])
    write_micro_files(micro_files(opened.directory, record), out)
    console = plain_console()
    console.print(boards_table(record))
    arena = tr("not measured")
    if record.arena_bytes is not None:
        arena = tr("{size:,.1f} KiB", size=record.arena_bytes / KIB)
    told = tr(
        "File {size:,.1f} KiB, arena {arena}, {count} operators: {operators}.",
        size=record.model_bytes / KIB,
        arena=arena,
        count=len(record.operators),
        operators=", ".join(record.operators),
    )
    sys.stdout.write(f"{told}\n")
    for one in record.boards:
        if not one.fits:
            sys.stdout.write(f"{one.board}: {recognised(one.why)}\n")
    sys.stdout.write(f"{recognised(ESTIMATED)}\n{tr('Written: {path}', path=out)}\n")
    return EXIT_DONE


def boards_table(record: MicroRecord) -> NamedRowsTable:
    """A row per board."""
    table = NamedRowsTable(tr("{variant} on microcontrollers", variant=record.variant), tr("board"))
    for head in (
        tr("processor"),
        tr("flash\nKiB"),
        tr("RAM\nKiB"),
        tr("fits"),
        tr("cycles,\nestimated"),
        tr("ms,\nestimated"),
    ):
        table.add_figure(head)
    for one in record.boards:
        table.add_row(
            one.board,
            one.processor,
            number_text(f"{one.flash_bytes / KIB:,.0f}"),
            number_text(f"{one.ram_bytes / KIB:,.0f}"),
            tr(FITS[one.fits]),
            MISSING if one.estimated_cycles is None else number_text(f"{one.estimated_cycles:,}"),
            MISSING if one.estimated_ms is None else number_text(figure_text(one.estimated_ms)),
        )
    return table
