"""Writes the report of a run in a process of its own: drawing it here would leave so much garbage that the window
stands still while it is searched. No Qt."""

from __future__ import annotations

from pathlib import Path

from engine.contract.progress import Progress
from workers.program_work import run_program

NOT_WRITTEN = "The report could not be written; try it again."


def write_report_apart(run: Path, out: Path, with_pictures: bool, progress: Progress) -> None:
    """Write a run's report into a folder.

    Raises:
        NutshellError: as the command's; the sentence says why.
        Cancelled: out of `progress`; the folder is as it was.
    """
    arguments = ["report", str(run), "--out", str(out), "--progress"]
    run_program([*arguments, *([] if with_pictures else ["--without-pictures"])], progress, NOT_WRITTEN)
