"""Pages that are made from declarations are up to date, and the index names every page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.workbench.step import STEPS
from ui.guide.contents import DOCUMENTATION, INDEX, guide_sections, pages_below
from ui.guide.glossary_links import GLOSSARY, glossary_terms, with_glossary_links
from ui.guide.made_pages import made_pages
from ui.guide.step_page import step_page

PICTURE = re.compile(r"!\[[^\]]*\]\(([^)]+)\)")
LINKED_FILE = re.compile(r"(?<!!)\[[^\]]*\]\(([^)#:\s]+)(?:#[^)]*)?\)")


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return made_pages()


def test_made_pages_are_up_to_date(made: dict[str, str]) -> None:
    for name, text in made.items():
        there = (DOCUMENTATION / name).read_text(encoding="utf-8")
        assert there == text, f"write {name} again: python -m resources.site --pages"
    steps = {f"steps/{file.name}" for file in (DOCUMENTATION / "steps").iterdir()}
    assert steps == {name for name in made if name.startswith("steps/")}, "a page of a step that is no more"


def test_the_index_names_every_page_once() -> None:
    named = [page.name for section in guide_sections() for page in section.pages]
    below = [page.name for name in named for page in pages_below(name)]
    there = {file.relative_to(DOCUMENTATION).as_posix() for file in DOCUMENTATION.rglob("*.md")} - {INDEX}
    assert sorted([*named, *below]) == sorted({*there, "../../CONTRIBUTING.md"})


def test_every_picture_and_every_linked_file_is_there() -> None:
    for page in DOCUMENTATION.rglob("*.md"):
        text = page.read_text(encoding="utf-8")
        for target in (*PICTURE.findall(text), *LINKED_FILE.findall(text)):
            assert (page.parent / target).is_file(), f"{page.name}: {target}"


def test_every_picture_of_the_inspection_is_shown_somewhere() -> None:
    shown = {
        (page.parent / target).resolve()
        for page in (*DOCUMENTATION.rglob("*.md"), DOCUMENTATION.parents[1] / "README.md")
        for target in PICTURE.findall(page.read_text(encoding="utf-8"))
    }
    assert [file.name for file in sorted((DOCUMENTATION / "inspect").iterdir()) if file.resolve() not in shown] == []


def test_a_word_of_the_glossary_leads_there_once_and_code_stays() -> None:
    terms = glossary_terms((DOCUMENTATION / GLOSSARY).read_text(encoding="utf-8"))
    assert len(terms) > 30
    text = (
        "# Sparsity\n\nThe sparsity of `sparsity`, **Sparsity**, and [sparsity](a.md). Sparsity: channel pruning.\n"
        "| sparsity |\n"
    )
    assert with_glossary_links(text, "steps/x.md", terms) == (
        "# Sparsity\n\nThe [sparsity](../glossary.md#sparsity) of `sparsity`, **Sparsity**, and [sparsity](a.md). "
        "Sparsity: [channel pruning](../glossary.md#channel-pruning).\n| sparsity |\n"
    )
    assert with_glossary_links(text, GLOSSARY, terms) == text


@pytest.mark.parametrize("key", list(STEPS))
def test_the_page_of_a_step_tells_all_that_it_declares(key: str) -> None:
    step, text = STEPS[key], step_page(key)
    assert step.summary in text
    for name, field in step.Parameters.model_fields.items():
        if name != "step":
            assert f"| `{name}` |" in text
            assert f"*{field.title}.*" in text
    for reason in step.cannot_follow.values():
        assert reason[1:] in text
    for page in step.guide.values():
        assert f"(../{page})" in text
    for paper in step.paper.split("; "):
        year = re.search(r"\d{4}", paper)
        assert year is not None
        assert year[0] in text.partition("## Papers")[2]
    assert "| float32 |" in text, "the matrix has no column for it"


def test_a_new_step_gets_its_page_by_itself(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess
    import sys

    monkeypatch.setenv("NUTSHELL_EXTENSIONS", str(checkout / "resources" / "examples" / "extension"))
    script = "from ui.guide.step_page import step_pages; print(step_pages()['steps/kernel_norms.md'])"
    done = subprocess.run([sys.executable, "-c", script], cwd=checkout, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("# ")
    assert 'step = "kernel_norms"' in done.stdout
