"""What the command line takes from the preferences where no option says it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from engine.language.sentence_recognition import recognised
from engine.language.speech import tr
from engine.launch.thread_limit import with_thread_limit
from engine.preferences.entries.cache_limit import CacheLimit
from engine.preferences.entries.runs_folder import RunsFolder, chosen_runs_folder
from engine.preferences.entries.threads import Threads
from engine.preferences.preference import NumberPreference
from engine.preferences.preferences_file import read_preferences


def usual_runs_folder() -> Path:
    """Where no option names one."""
    return chosen_runs_folder(read_preferences().value(RunsFolder))


def add_threads(parser: argparse.ArgumentParser) -> None:
    """The option of commands that start TensorFlow."""
    parser.add_argument(
        "--threads",
        type=_number_of(Threads),
        default=None,
        metavar="N",
        help=tr("threads that TensorFlow takes; 0: all (default: TF_NUM_INTRAOP_THREADS, else the preferences)"),
    )


def add_cache_limit(parser: argparse.ArgumentParser) -> None:
    """The option of commands that fill the cache."""
    parser.add_argument(
        "--cache-limit",
        type=_number_of(CacheLimit),
        default=None,
        metavar="GIB",
        help=tr(
            "room for prepared images and unused stages, kept after the run; 0: no limit (default: the preferences)"
        ),
    )


def fill_from_preferences(chosen: argparse.Namespace) -> None:
    """Put the preferences where no option was given; what of them cannot be used is told on the error stream."""
    preferences = read_preferences()
    for trouble in preferences.troubles:
        sys.stderr.write(f"{recognised(trouble)}\n")
    # The window first takes over what an earlier version has kept elsewhere.
    if chosen.command and chosen.runs is None:
        chosen.runs = usual_runs_folder()
    if getattr(chosen, "cache_limit", 0) is None:
        chosen.cache_limit = preferences.value(CacheLimit)
    if (threads := getattr(chosen, "threads", None)) is not None:
        os.environ.update(with_thread_limit({}, threads))


def _number_of(preference: type[NumberPreference]) -> Callable[[str], int]:
    """Reads the text of an option as a value of the preference."""

    def number(text: str) -> int:
        try:
            return preference.parsed(int(text) if text.strip().isdigit() else text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{text!r}: {recognised(str(error))}") from None

    return number
