"""Nutshell's only entry: opens the app, runs the command line, or is one of the program's own children."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from engine.launch.garbage_collector import making_what_stays
from engine.launch.program import ENGINE_SWITCH, MEASUREMENT_SWITCH

if TYPE_CHECKING:
    from engine.contract.recipe import Recipe


# No plugins are used, and looking for them reads every installed package's metadata.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def main(arguments: list[str]) -> int:
    """Dispatch on the first argument; imports only what that one needs, so that the window opens quickly."""
    first = arguments[0] if arguments else ""
    if first == ENGINE_SWITCH:
        from engine.child.main import main as engine_main

        return engine_main()
    if first == MEASUREMENT_SWITCH:
        from engine.measurement.child import main as measurement_main

        return measurement_main()
    with making_what_stays():
        from ui.terminal.command_line import command_line
    return command_line(arguments, _open_window)


def _open_window(report_start: bool, demo: Recipe | None, runs_directory: Path) -> int:
    """Only now is Qt imported: a recipe runs without it."""
    with making_what_stays():
        from ui.application import run_application
    return run_application(report_start, demo, runs_directory)


if __name__ == "__main__":
    if getattr(sys, "frozen", False):
        # A process that decodes images is this program started again.
        import multiprocessing

        multiprocessing.freeze_support()
    sys.exit(main(sys.argv[1:]))
