"""The texts of the guide's pages: those that are written, and those of steps, from their declarations as they are."""

from __future__ import annotations

from functools import cache

from engine.workbench.step import STEPS
from ui.guide.contents import DOCUMENTATION, GuidePage, GuideSection, guide_sections, pages_below
from ui.guide.glossary_links import GLOSSARY, glossary_terms, with_glossary_links
from ui.guide.step_page import FOLDER, OVERVIEW, step_overview, step_page


@cache
def all_pages() -> tuple[tuple[GuideSection, tuple[tuple[GuidePage, tuple[GuidePage, ...]], ...]], ...]:
    """Sections, each with its pages that are there, each with the pages below it."""
    return tuple(
        (section, tuple((page, _below(page.name)) for page in section.pages if (DOCUMENTATION / page.name).is_file()))
        for section in guide_sections()
    )


def page_names() -> tuple[str, ...]:
    """All of them, in the order of the lists."""
    return tuple(one.name for _, pages in all_pages() for page, below in pages for one in (page, *below))


def page_text(name: str) -> str:
    """The Markdown of a page, with links to the glossary."""
    return with_glossary_links(_own_text(name), name, _terms())


def read_ahead() -> None:
    """What every page needs is read and kept, which takes some 50 ms.

    Raises:
        OSError: a page cannot be read.
    """
    all_pages()
    _terms()


def _own_text(name: str) -> str:
    if name == OVERVIEW:
        return step_overview()
    if name.startswith(f"{FOLDER}/"):
        return step_page(name.removeprefix(f"{FOLDER}/").removesuffix(".md"))
    return (DOCUMENTATION / name).read_text(encoding="utf-8")


@cache
def _terms() -> dict[str, str]:
    return glossary_terms((DOCUMENTATION / GLOSSARY).read_text(encoding="utf-8"))


def _below(page: str) -> tuple[GuidePage, ...]:
    if page == OVERVIEW:
        # A step of an extension has its page too.
        return tuple(GuidePage(f"{FOLDER}/{key}.md", STEPS[key].title) for key in STEPS)
    return pages_below(page)
