"""A report's files: a page that loads nothing, a PDF, tables that LaTeX takes, and nothing that says whose they are."""

from __future__ import annotations

import base64
import csv
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

import pypdfium2
import pytest

from engine.contract.errors import Cancelled, DataError
from engine.contract.progress import Progress
from engine.report.run_report import write_report
from tests.engine.report.conftest import PATIENT, USER, write_told_run

FIGURES = ("changed-predictions", "confusion", "overview", "recall", "test-images", "trade-off", "training")
TABLES = ("accuracy", "contents", "costs", "hashes", "images", "predictions", "recall", "settings")
LOADING = {"src", "srcset", "data", "poster", "background", "action", "formaction", "xlink:href"}
TEXT = {".html", ".csv", ".tex", ".bib", ".svg", ".json", ".toml"}


class Page(HTMLParser):
    """Collects what a page would load, where it links, and its pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in LOADING or (tag == "link" and name == "href"):
                self.loaded.append(value or "")
            elif name == "href":
                self.links.append(value or "")
            elif name == "id":
                self.ids.add(value or "")


def page_of(folder: Path) -> tuple[Page, str]:
    text = (folder / "report.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    return page, text


def pdf_text(file: Path) -> str:
    document = pypdfium2.PdfDocument(file)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def test_there_is_all_that_is_promised(written: Path) -> None:
    assert {file.stem for file in (written / "figures").iterdir()} == set(FIGURES)
    for name in FIGURES:
        assert (written / "figures" / f"{name}.svg").stat().st_size > 1000
        assert (written / "figures" / f"{name}.pdf").read_bytes().startswith(b"%PDF")
    for name in TABLES:
        assert {(written / "tables" / f"{name}.{ending}").is_file() for ending in ("csv", "tex")} == {True}
    for name in ("report.html", "report.pdf", "references.bib", "methods.tex", "recipe.toml", "tables/variants.csv"):
        assert (written / name).stat().st_size > 200


def test_the_page_loads_nothing_and_all_pictures_are_there(written: Path) -> None:
    page, text = page_of(written)
    assert page.tags.count("img") == len(FIGURES) == len(page.loaded)
    for source in page.loaded:
        head, _, content = source.partition(",")
        assert head == "data:image/svg+xml;base64"
        assert ElementTree.fromstring(base64.b64decode(content)).tag.endswith("svg")
    assert not {"script", "link", "iframe", "object", "embed", "base"} & set(page.tags)
    assert not re.search(r"@import|url\(", text.partition("</style>")[0])
    inside = [link for link in page.links if link.startswith("#")]
    assert {link[1:] for link in inside} <= page.ids
    assert all(
        link.startswith(("https://doi.org/", "https://www.jstor.org/")) for link in set(page.links) - set(inside)
    )


def test_what_looks_like_markup_stays_text(written: Path) -> None:
    _, text = page_of(written)
    assert "hearts &amp; &lt;b&gt;bold&lt;/b&gt; #1_50%" in text
    assert "hearts & <b>bold</b> #1_50%" in pdf_text(written / "report.pdf").replace("\u200b", "")


def test_no_path_no_user_and_no_patient_is_in_any_file(written: Path, told_run: Path) -> None:
    private = (
        PATIENT,
        "Smith",
        USER,
        "data of the clinic",
        str(told_run),
        str(told_run.parents[1]),
        str(Path.home()) + "/",
    )
    for file in written.rglob("*"):
        if file.is_dir():
            continue
        content = file.read_bytes().decode("utf-8" if file.suffix in TEXT else "latin-1")
        if file.suffix == ".pdf":
            content += pdf_text(file)
        assert [word for word in private if word in content] == [], file.name
    _, text = page_of(written)
    assert "Look at (a path)" in text
    assert "left out of this report" in (written / "recipe.toml").read_text()


def test_each_page_of_the_pdf_is_printed_on(written: Path) -> None:
    document = pypdfium2.PdfDocument(written / "report.pdf")
    try:
        for page in document:
            assert (round(page.get_width()), round(page.get_height())) == (595, 842)
            pixels = page.render(scale=0.5).to_numpy()[..., :3]
            assert (pixels < 200).any()
            # Nothing reaches into the margins.
            assert pixels[:, :20].min() > 250
            assert pixels[:, -20:].min() > 250
    finally:
        document.close()


def test_page_and_pdf_say_the_same_as_the_figures(written: Path) -> None:
    with (written / "tables" / "accuracy.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["variant"] for row in rows] == ["(1) baseline", "(2) int8", "(3) PRN"]
    assert rows[1]["accuracy (95 % CI)"].startswith("0.917 ")
    assert (rows[1]["lost"], rows[1]["won"], rows[2]["lost"], rows[2]["won"]) == ("1", "0", "3", "1")
    printed = pdf_text(written / "report.pdf")
    _, text = page_of(written)
    for row in rows:
        assert row["accuracy (95 % CI)"] in printed
        assert row["accuracy (95 % CI)"] in text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex")
def test_latex_takes_tables_methods_and_references(written: Path, tmp_path: Path) -> None:
    tables = "\n".join(f"\\input{{{file.as_posix()}}}" for file in sorted((written / "tables").glob("*.tex")))
    document = (
        "\\documentclass{article}\n\\usepackage[T1]{fontenc}\n\\usepackage{booktabs,longtable}\n\\begin{document}\n"
        f"\\input{{{(written / 'methods.tex').as_posix()}}}\n{tables}\n\\bibliographystyle{{plain}}\n"
        f"\\bibliography{{references}}\n\\end{{document}}\n"
    )
    (tmp_path / "paper.tex").write_text(document)
    shutil.copy(written / "references.bib", tmp_path)
    latex = ("pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex")
    for command in (latex, ("bibtex", "paper"), latex, latex):
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout[-3000:]
    assert "undefined" not in (tmp_path / "paper.log").read_text(errors="replace")


def test_tables_of_latex_are_whole(written: Path) -> None:
    for file in (written / "tables").glob("*.tex"):
        text = file.read_text(encoding="utf-8")
        opened, closed = re.findall(r"\\begin\{(\w+)\}", text), re.findall(r"\\end\{(\w+)\}", text)
        assert opened == closed[::-1], file.name
        rows = [line for line in text.splitlines() if line.endswith(r" \\") and "\\label" not in line]
        ends = {len(re.findall(r"(?<!\\)&", line)) for line in rows}
        assert len(ends) == 1, file.name
        assert "\\toprule" in text
        assert "\\bottomrule" in text
        assert not re.search(r"(?<!\\)[#_]", "\n".join(rows)), file.name


def test_it_is_the_same_each_time(told_run: Path, written: Path, tmp_path: Path) -> None:
    write_report((told_run,), tmp_path / "again")
    assert (tmp_path / "again" / "contents.json").read_bytes() == (written / "contents.json").read_bytes()


def test_without_pictures_no_image_is_shown(told_run: Path, tmp_path: Path) -> None:
    done = write_report((told_run,), tmp_path / "out", with_pictures=False)
    assert not done.has_pictures
    assert not (tmp_path / "out" / "figures" / "test-images.svg").exists()


def test_a_later_report_replaces_an_earlier_one_and_nothing_else(told_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_report((told_run,), out)
    mine = out / "figures" / "mine.txt"
    mine.write_text("mine")
    write_report((told_run,), out, with_pictures=False)
    assert not (out / "figures" / "test-images.svg").exists()
    assert mine.read_text() == "mine"


def test_a_folder_of_other_things_is_refused(told_run: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("mine")
    with pytest.raises(DataError, match="holds other files"):
        write_report((told_run,), tmp_path)
    with pytest.raises(DataError, match="is a file"):
        write_report((told_run,), tmp_path / "thesis.docx")
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.docx"]


def test_a_report_that_is_cancelled_leaves_nothing(told_run: Path, tmp_path: Path) -> None:
    said: list[str] = []

    def phase(text: str) -> None:
        said.append(text)
        if text.startswith("drawing figure 3"):
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        write_report((told_run,), tmp_path / "out", progress=Progress(on_phase=phase))
    assert "reading runs" in said
    assert not (tmp_path / "out").exists()


def test_several_runs_stand_side_by_side(told_run: Path, tmp_path: Path) -> None:
    other = write_told_run(tmp_path / "other", "cut off")
    done = write_report((told_run, other), tmp_path / "out", with_pictures=False)
    assert len(done.unfinished) == 1
    with (tmp_path / "out" / "tables" / "all-runs.csv").open(encoding="utf-8", newline="") as stream:
        assert len(list(csv.reader(stream))) == 1 + 3 + 1
    page, text = page_of(tmp_path / "out")
    assert {"part-1", "part-2", "part-3"} <= page.ids
    assert "was cut off" in text
    assert sum(file.name.startswith("2-hearts") for file in (tmp_path / "out" / "figures").iterdir()) > 2
