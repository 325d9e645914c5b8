"""`verify`: computes the printed figures of a run again, and says which hold."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from rich.text import Text

from engine.contract.errors import EXIT_DONE, EXIT_FAILED, Cancelled, NutshellError
from engine.measurement.interpreter import load_interpreter
from engine.store.durable_file import write_durably
from engine.verification.finished_run import FinishedRun
from engine.verification.verified_run import VerifiedRun
from ui.terminal.plain_console import plain_console
from ui.terminal.quiet_stderr import quiet_stderr
from ui.terminal.run_command import WrittenResults
from ui.terminal.told_progress import told_on_stderr
from ui.terminal.verification_table import differing_lines, verdict, verification_table


def verify_command(run: str, runs_directory: Path, json: Path | None) -> int:
    """Print a table of what holds; returns 0 where all does, and 3 where something does not.

    Raises:
        NutshellError: it is no finished run, or what it kept cannot be read.
    """
    WrittenResults(json).refuse_unwritable()
    opened = FinishedRun.open(run, runs_directory)
    _start_runtime(opened)
    try:
        found = VerifiedRun(opened, told_on_stderr()).finish()
    except KeyboardInterrupt:
        raise Cancelled("Stopped; nothing was changed.") from None
    if json is not None:
        write_durably(json, found.model_dump_json(by_alias=True, indent=1) + "\n")
    console = plain_console()
    console.print(verification_table(found))
    for line in (*differing_lines(found), *found.notes, verdict(found)):
        console.print(Text(line), soft_wrap=True, highlight=False)
    return EXIT_DONE if found.holds else EXIT_FAILED


def _start_runtime(run: FinishedRun) -> None:
    """LiteRT greets on stderr when it runs its first file."""
    for variant in run.result.variants:
        with suppress(NutshellError, OSError), quiet_stderr():
            if run.is_as_written(variant.file):
                load_interpreter(run.directory / variant.file)
                return
