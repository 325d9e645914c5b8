"""`doctor`: what this computer has and lacks, as a text that can be mailed. Needs no package but Python itself."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from engine.contract.errors import EXIT_DONE, EXIT_FAILED, DataError, NutshellError
from engine.doctor.diagnosis import diagnose
from engine.doctor.system_library import NeededBy, install_command, missing_libraries
from engine.doctor.usual_folders import usual_folders
from engine.doctor.window_trouble import packages_of
from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, tr
from engine.store.durable_file import write_durably
from ui.terminal.told_arguments import ToldArguments

WHAT = mark(
    "Print versions, libraries, display, processor, memory, graphics processor and folders, and what is wrong with "
    "them, each with a way out. No name of a user, a computer or a home folder is in it. "
    "Exit code 0: nothing is wrong; 3: something is."
)


def add_doctor_options(parser: argparse.ArgumentParser) -> None:
    """What the command takes beside `--runs`."""
    parser.add_argument("--json", type=Path, metavar="FILE", help=tr("write there what was found, as JSON"))
    parser.add_argument("--missing-packages", action="store_true", help=argparse.SUPPRESS)


def doctor_command(runs: Path | None, json: Path | None, only_packages: bool = False) -> int:
    """Print what was found.

    Args:
        runs: the runs directory; None: the usual one.
        only_packages: print the command that installs the system packages that Qt lacks, or nothing.

    Returns:
        0 where nothing is wrong, 3 where something is.

    Raises:
        DataError: the JSON cannot be written.
    """
    if only_packages:
        sys.stdout.write(_install_command())
        return EXIT_DONE
    if json is not None and not json.absolute().parent.is_dir():
        folder = json.absolute().parent
        raise DataError(
            tr(
                "{option} {path}: there is no folder {folder}; create it first.",
                option="--json",
                path=json,
                folder=folder,
            )
        )
    found = diagnose(usual_folders(runs))
    sys.stdout.write(found.text(recognised))
    if json is not None:
        try:
            write_durably(json, found.json())
        except OSError as error:
            raise DataError(
                tr(
                    "--json {path} cannot be written ({strerror}); name another file.",
                    path=json,
                    strerror=error.strerror,
                )
            ) from None
    return EXIT_FAILED if found.troubles else EXIT_DONE


def doctor_alone(arguments: list[str]) -> int:
    """The command where the packages that the other commands need are not installed."""
    parser = ToldArguments("nutshell doctor", description=tr(WHAT))  # not shown
    parser.add_argument(
        "--runs", type=lambda text: Path(text).expanduser(), metavar="DIR", help=tr("the runs directory")
    )
    add_doctor_options(parser)
    chosen = parser.parse_args(arguments)
    try:
        return doctor_command(chosen.runs, chosen.json, chosen.missing_packages)
    except NutshellError as error:
        sys.stderr.write(f"{recognised(str(error))}\n")
        return error.exit_code


def _install_command() -> str:
    if not sys.platform.startswith("linux"):
        return ""
    command = install_command(packages_of(missing_libraries({NeededBy.QT, NeededBy.X11})))
    return f"{command}\n" if command else ""
