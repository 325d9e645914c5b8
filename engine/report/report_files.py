"""Writes all files of a report: in a folder of their own first, so that a report is whole or as it was."""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.contract.errors import DataError
from engine.contract.progress import Progress
from engine.figures.variants_csv import variants_csv
from engine.launch.program import VERSION
from engine.report.content import Report, ReportTable
from engine.report.drawing.style import report_style
from engine.report.html_page import html_page
from engine.report.latex import latex_methods, latex_table
from engine.report.numbered_document import numbered_document
from engine.report.pdf_document import write_pdf
from engine.report.private_text import private_text
from engine.report.reference_list import Library, without_citations
from engine.report.reported_run import ReportedRun
from engine.report.reproduction import public_recipe_text, recipe_name
from engine.store.durable_file import write_durably
from engine.store.file_hash import file_hash

CONTENTS = "contents.json"
"""The files of a report and their hashes, by which a later one knows what it may replace."""


def write_files(
    report: Report,
    known: Library,
    out: Path,
    earlier: dict[str, str],
    runs: Sequence[ReportedRun],
    stems: Sequence[str],
    progress: Progress,
) -> tuple[Path, ...]:
    """Write a report into a folder; returns its files, relative to it.

    Args:
        earlier: of `earlier_files`.

    Raises:
        DataError: the folder cannot be written.
        Cancelled: out of `progress`.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="nutshell-report-") as scratch:
            made = Path(scratch) / "report"
            made.mkdir()
            _write_all(report, known, made, Path(scratch), runs, stems, progress)
            progress.phase("saving")
            return _move(made, out, earlier)
    except OSError as error:
        raise DataError(f"{out} cannot be written ({error.strerror or error}); choose another folder.") from None


def _write_all(
    report: Report,
    known: Library,
    made: Path,
    scratch: Path,
    runs: Sequence[ReportedRun],
    stems: Sequence[str],
    progress: Progress,
) -> None:
    for name in ("figures", "tables", "typeset"):
        (made if name != "typeset" else scratch).joinpath(name).mkdir()
    drawn = report.figures()
    images: dict[str, bytes] = {}
    with report_style():
        for place, figure in enumerate(drawn):
            progress.report(place, len(drawn) + 1)
            progress.phase(f"drawing figure {place + 1} of {len(drawn)}")
            picture = figure.draw()
            target = made / "figures" / figure.key
            picture.savefig(target.with_suffix(".svg"), metadata={"Date": None, "Creator": None})
            picture.savefig(target.with_suffix(".pdf"), metadata={"CreationDate": None, "Creator": None})
            images[figure.key] = target.with_suffix(".svg").read_bytes()
    for table in report.tables():
        (made / "tables" / f"{table.key}.csv").write_text(table_csv(table), encoding="utf-8", newline="")
        (made / "tables" / f"{table.key}.tex").write_text(latex_table(table), encoding="utf-8")
    for run, stem in zip(runs, stems, strict=True):
        (made / recipe_name(stem)).write_text(public_recipe_text(run), encoding="utf-8")
        if run.variants:
            text = private_text(run.directory, run.recipe).hidden(variants_csv(run.variants))
            (made / "tables" / f"{stem}variants.csv").write_text(text, encoding="utf-8", newline="")
    progress.phase("typesetting")
    document, citations = numbered_document(report, known, f"Nutshell {VERSION}")
    (made / "report.html").write_text(html_page(document, images), encoding="utf-8")
    (made / "references.bib").write_text("\n".join(one.bibtex() for one in citations.cited), encoding="utf-8")
    (made / "methods.tex").write_text(latex_methods(report), encoding="utf-8")
    write_pdf(document, made, scratch / "typeset")
    progress.report(len(drawn) + 1, len(drawn) + 1)


def table_csv(table: ReportTable) -> str:
    """A table as it reads, one line of heads."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([head.replace("\n", " ") for head in table.heads])
    writer.writerows([without_citations(cell) for cell in row] for row in table.rows)
    return text.getvalue()


def earlier_files(out: Path) -> dict[str, str]:
    """Of an earlier report in the folder: name → SHA-256; empty where there is none.

    Raises:
        DataError: there is something else, or the folder cannot be made.
    """
    there = next(one for one in (out, *out.absolute().parents) if one.exists())
    if not there.is_dir():
        raise DataError(f"{there} is a file; name a folder.")
    if not os.access(there, os.W_OK):
        raise DataError(f"{out} cannot be written, as you may not write in {there}; choose another folder.")
    try:
        is_empty = not out.exists() or not any(out.iterdir())
        found = {} if is_empty else json.loads((out / CONTENTS).read_bytes())
    except FileNotFoundError:
        raise DataError(f"{out} holds other files than an earlier report; name a new or empty folder.") from None
    except (OSError, ValueError):
        raise DataError(
            f"{out} cannot be read as the folder of an earlier report; name a new or empty folder."
        ) from None
    return {str(name): str(digest) for name, digest in found.items()} if isinstance(found, dict) else {}


def _move(made: Path, out: Path, earlier: dict[str, str]) -> tuple[Path, ...]:
    """Each file takes its name whole; files of the earlier report that nobody changed go."""
    files = sorted(_files(made))
    for file in files:
        target = out / file
        target.parent.mkdir(parents=True, exist_ok=True)
        write_durably(target, (made / file).read_bytes())
    kept = {file.as_posix(): file_hash(out / file) for file in files}
    for name, digest in earlier.items():
        old = out / name
        inside = not Path(name).is_absolute() and ".." not in Path(name).parts
        if name not in kept and inside and old.is_file() and file_hash(old) == digest:
            old.unlink()
    write_durably(out / CONTENTS, json.dumps(kept, indent=1))
    return tuple(files)


def _files(folder: Path) -> Iterator[Path]:
    return (file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
