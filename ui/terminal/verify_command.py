"""`verify`: computes the printed figures of a run again, and says which hold."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from rich.text import Text

from engine.contract.errors import EXIT_DONE, EXIT_FAILED, NutshellError
from engine.language.sentence_recognition import recognised
from engine.language.speech import tr
from engine.measurement.interpreter import load_interpreter
from engine.store.durable_file import write_durably
from engine.verification.finished_run import FinishedRun
from engine.verification.verified_run import VerifiedRun
from ui.terminal.plain_console import plain_console
from ui.terminal.quiet_stderr import quiet_stderr
from ui.terminal.run_command import WrittenResults
from ui.terminal.stop_on_signal import StopOnSignal
from ui.terminal.told_progress import told_on_stderr
from ui.terminal.verification_table import verification_table
from ui.verification_lines import differing_lines, verdict


def verify_command(run: str, runs_directory: Path, json: Path | None) -> int:
    """Print a table of what holds; returns 0 where all does, and 3 where something does not.

    Raises:
        NutshellError: it is no finished run, or what it kept cannot be read.
        Cancelled: Ctrl-C.
    """
    WrittenResults(json).refuse_unwritable()
    opened = FinishedRun.open(run, runs_directory)
    _start_runtime(opened)
    with StopOnSignal(tr("Stopped; nothing was changed.")) as stop:
        found = VerifiedRun(opened, told_on_stderr(stop.raise_if_asked)).finish()
    if json is not None:
        write_durably(json, found.model_dump_json(by_alias=True, indent=1) + "\n")
    console = plain_console()
    console.print(verification_table(found))
    for line in (*differing_lines(found), *map(recognised, found.notes), verdict(found)):
        console.print(Text(line), soft_wrap=True, highlight=False)
    return EXIT_DONE if found.holds else EXIT_FAILED


def _start_runtime(run: FinishedRun) -> None:
    """LiteRT greets on stderr when it runs its first file."""
    for variant in run.result.variants:
        with suppress(NutshellError, OSError), quiet_stderr():
            if run.is_as_written(variant.file):
                load_interpreter(run.directory / variant.file)
                return
