"""Makes a report of one or several runs: reads them, draws, writes; nothing is computed anew, and no TensorFlow."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.contract.progress import UNWATCHED, Progress
from engine.report.content import Report, ReportPart, ReportSection, with_texts
from engine.report.drawing.style import letters_without_font
from engine.report.private_text import private_text
from engine.report.reference_list import library
from engine.report.report_files import earlier_files, write_files
from engine.report.reported_run import ReportedRun, read_run
from engine.report.result_tables import shared_table
from engine.report.run_sections import run_part

MANY_RUNS = "Report of several runs"


@dataclass(frozen=True)
class WrittenReport:
    """What there is afterwards."""

    page: Path
    pdf: Path
    files: tuple[Path, ...]
    """All, relative to the folder."""
    unfinished: tuple[str, ...]
    """What is said of runs that did not come to their end."""
    has_pictures: bool
    """Whether images of a dataset are shown."""
    boxes: str
    """Letters that figures and PDF show as boxes, as no font of this machine has them; usually empty."""


def write_report(
    runs: Sequence[str | Path],
    out: Path,
    runs_directory: Path | None = None,
    with_pictures: bool = True,
    progress: Progress = UNWATCHED,
) -> WrittenReport:
    """Write `report.html`, `report.pdf`, tables, figures and references into a folder.

    Args:
        runs: folders of runs, or their names among `runs_directory`.
        out: a new or empty folder, or one that holds an earlier report, which is replaced.
        with_pictures: whether images of the dataset are shown; they may hold what tells a patient.

    Raises:
        NutshellError: a run cannot be read, or the folder cannot be used.
        Cancelled: out of `progress`; the folder is as it was.
    """
    earlier = earlier_files(out)
    progress.phase("reading runs")
    read = [read_run(run, runs_directory) for run in dict.fromkeys(map(str, runs))]
    known = library()
    stems = _stems(read)
    parts = [run_part(run, known, stem, with_pictures, progress) for run, stem in zip(read, stems, strict=True)]
    hidden = [_hidden(part, run) for part, run in zip(parts, read, strict=True)]
    report = _report(read, hidden)
    written = write_files(report, known, out, earlier, read, stems, progress)
    shown = any("test-images" in figure.key or "changed-predictions" in figure.key for figure in report.figures())
    unfinished = tuple(run.unfinished for run in read if run.unfinished)
    boxes = letters_without_font("".join(name for run in read for name in (run.title, *run.classes)))
    return WrittenReport(out / "report.html", out / "report.pdf", written, unfinished, shown, boxes)


def _report(runs: Sequence[ReportedRun], parts: Sequence[ReportPart]) -> Report:
    if len(runs) == 1:
        return Report(parts[0].title, tuple(parts))
    measured = [run for run in runs if run.variants]
    if not measured:
        return Report(MANY_RUNS, tuple(parts))
    shared = ReportPart("All runs", "", (ReportSection("Results side by side", (shared_table(measured),)),))
    return Report(MANY_RUNS, (shared, *parts))


def _hidden(part: ReportPart, run: ReportedRun) -> ReportPart:
    """No path and no name of an image leaves a run."""
    private = private_text(run.directory, run.recipe)
    return with_texts(Report("", (part,)), private.hidden).parts[0]


def _stems(runs: Sequence[ReportedRun]) -> tuple[str, ...]:
    """What names of files begin with: nothing of one run, else a number and the study's name."""
    if len(runs) == 1:
        return ("",)
    names = (re.sub(r"[^a-z0-9]+", "-", run.recipe.name.lower()).strip("-")[:24] for run in runs)
    return tuple(f"{number}-{name or 'run'}-" for number, name in enumerate(names, start=1))
