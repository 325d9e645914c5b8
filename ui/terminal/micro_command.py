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
from ui.terminal.named_rows_table import NamedRowsTable
from ui.terminal.plain_console import plain_console

FITS = {True: "yes", False: "no", None: "not known"}


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
    arena = "not measured" if record.arena_bytes is None else f"{record.arena_bytes / KIB:,.1f} KiB"
    sys.stdout.write(
        f"File {record.model_bytes / KIB:,.1f} KiB, arena {arena}, {len(record.operators)} operators: "
        f"{', '.join(record.operators)}.\n"
    )
    for one in record.boards:
        if not one.fits:
            sys.stdout.write(f"{one.board}: {one.why}\n")
    sys.stdout.write(f"{ESTIMATED}\nWritten: {out}\n")
    return EXIT_DONE


def boards_table(record: MicroRecord) -> NamedRowsTable:
    """A row per board."""
    table = NamedRowsTable(f"{record.variant} on microcontrollers", "board")
    for head in ("processor", "flash\nKiB", "RAM\nKiB", "fits", "cycles,\nestimated", "ms,\nestimated"):
        table.add_figure(head)
    for one in record.boards:
        table.add_row(
            one.board,
            one.processor,
            f"{one.flash_bytes / KIB:,.0f}",
            f"{one.ram_bytes / KIB:,.0f}",
            FITS[one.fits],
            MISSING if one.estimated_cycles is None else f"{one.estimated_cycles:,}",
            MISSING if one.estimated_ms is None else figure_text(one.estimated_ms),
        )
    return table
