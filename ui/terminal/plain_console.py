"""The console that tables and bars are printed on."""

from __future__ import annotations

from rich.console import Console

PLAIN_WIDTH = 120
"""Columns where the output is no terminal."""


def plain_console(quiet: bool = False) -> Console:
    """Of the terminal's width, or a usual one where there is none."""
    console = Console(quiet=quiet, stderr=False)
    return console if console.is_terminal else Console(quiet=quiet, width=PLAIN_WIDTH)
