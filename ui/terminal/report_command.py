"""`report`: writes what one or several runs found as a page, a PDF, and tables and figures for a paper."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.contract.errors import EXIT_DONE
from engine.contract.progress import Progress
from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, tr
from engine.report.run_report import write_report
from ui.terminal.stop_on_signal import StopOnSignal
from ui.terminal.told_progress import told_on_stderr

BURNT_IN = mark(
    "It shows test images: look whether any has a name burnt in before you share it, or use --without-pictures."
)


def report_command(
    runs: Sequence[str], runs_directory: Path, out: Path, with_pictures: bool, tells_window: bool = False
) -> int:
    """Write the report into `out` and print where it is.

    Args:
        tells_window: whether its progress is told to the window that started it, as JSON lines on standard output.

    Raises:
        NutshellError: a run cannot be read, or `out` cannot be used.
    """
    out = out.expanduser()
    with StopOnSignal(tr("Stopped; {folder} is as it was.", folder=out)) as stop:
        if tells_window:
            progress = Progress(stop.raise_if_asked, on_report=_tell_window)
        else:
            progress = told_on_stderr(stop.raise_if_asked, noun=tr("steps"))
        written = write_report(runs, out, runs_directory, with_pictures, progress)
    for sentence in written.unfinished:
        sys.stdout.write(f"{recognised(sentence)}\n")
    files = tr("{count} files in {folder}", count=len(written.files), folder=out)
    sys.stdout.write(f"{written.page}\n{written.pdf}\n{files}\n")
    if written.has_pictures:
        sys.stdout.write(f"{tr(BURNT_IN)}\n")
    if written.boxes:
        said = tr(
            "No font here has {letters}: figures and the PDF show boxes. Install one that does.", letters=written.boxes
        )
        sys.stdout.write(f"{said}\n")
    return EXIT_DONE


def _tell_window(done: int, total: int) -> None:
    sys.stdout.write(f"{json.dumps({'done': done, 'total': total})}\n")
    sys.stdout.flush()
