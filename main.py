"""Nutshell's only entry: opens the app, runs the command line, or is one of the program's own children.

Every line here, and of what it imports at first, is also understood by a Python that is too old to run the program.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from engine.launch.garbage_collector import making_what_stays
from engine.launch.program import ENGINE_SWITCH, MEASUREMENT_SWITCH, begin_built_program

if TYPE_CHECKING:
    from engine.contract.recipe import Recipe

OLDEST_PYTHON = (3, 11)
FAILED = 3

# No plugins are used, and looking for them reads every installed package's metadata.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def main(arguments: list[str]) -> int:
    """Dispatch on the first argument; imports only what that one needs, so that the window opens quickly."""
    if sys.version_info < OLDEST_PYTHON:
        here = ".".join(str(part) for part in sys.version_info[:3])
        sys.stderr.write(
            f"Nutshell needs Python 3.11 or newer, and this is Python {here}; install a newer one and name it, such as "
            "python3.11 main.py\n"  # not shown
        )
        return FAILED
    try:
        return _dispatch(arguments)
    except ImportError as error:
        from engine.doctor.import_trouble import import_sentence, is_of_others

        if not is_of_others(error):
            raise
        # Not above: a Python with too few packages is told of them in English, and must not need more for that.
        from engine.language.sentence_recognition import recognised

        sys.stderr.write(f"{recognised(import_sentence(error))}\n")
        return FAILED


def _dispatch(arguments: list[str]) -> int:
    first = arguments[0] if arguments else ""
    if first == ENGINE_SWITCH:
        from engine.child.checked_start import start_engine

        return start_engine()
    if first == MEASUREMENT_SWITCH:
        from engine.measurement.child import main as measurement_main

        return measurement_main()
    with making_what_stays():
        from ui.terminal.terminal_language import speak_as_asked

        speak_as_asked()
    if first == "doctor":
        from ui.terminal.doctor_command import doctor_alone

        return doctor_alone(arguments[1:])
    with making_what_stays():
        from ui.terminal.command_line import command_line
    return command_line(arguments, _open_window)


def _open_window(report_start: bool, demo: Recipe | None, runs_directory: Path | None) -> int:
    """Only now is Qt imported: a recipe runs without it.

    Raises:
        NoWindow: Qt cannot be loaded.
    """
    try:
        with making_what_stays():
            from ui.application import run_application
    except ImportError as error:
        from engine.doctor.import_trouble import import_trouble, is_of_others
        from engine.doctor.window_trouble import NoWindow

        if not is_of_others(error):
            raise
        raise NoWindow(import_trouble(error)) from None
    return run_application(report_start, demo, runs_directory)


if __name__ == "__main__":
    begin_built_program()
    sys.exit(main(sys.argv[1:]))
