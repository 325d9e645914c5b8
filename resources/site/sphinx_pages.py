"""The pages of `resources/docs` as Sphinx reads them: with the lists that make its navigation.

The pages stay plain Markdown, so that the window and any reader of the folder show them too. What only Sphinx needs is
added to copies of them here.
"""

from __future__ import annotations

import os
import posixpath
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from ui.guide.contents import DOCUMENTATION, INDEX, GuidePage, guide_sections, pages_below
from ui.guide.glossary_links import GLOSSARY, glossary_terms, with_glossary_links

RENAMED = {
    INDEX: "index.md",
    "search.md": "automatic-search.md",
    "../../CONTRIBUTING.md": "contributing.md",
}
"""Pages as `resources/docs` knows them → their names here. Sphinx has a page "search" of its own."""
LINK = re.compile(r"\[([^\]]*)\]\(([^)#\s:]+)(#[^)\s]*)?\)")
LIST = "\n```{toctree}\n:hidden:\n%s\n%s\n```\n"


def write_sphinx_pages(folder: Path, source: Path, made: Mapping[str, str]) -> None:
    """Write copies of all pages and pictures into `folder`, which must not be there yet.

    Args:
        source: the documentation's folder.
        made: path below it → text, of pages that are made from declarations now.
    """
    shutil.copytree(source, folder)
    for name, text in made.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    names = {file.relative_to(folder).as_posix() for file in folder.rglob("*.md")}
    glossary = folder / GLOSSARY
    terms = glossary_terms(glossary.read_text(encoding="utf-8")) if glossary.is_file() else {}
    for name in sorted(names | {name for name in RENAMED if (source / name).is_file()}):
        text = (folder / name if name in names else source / name).read_text(encoding="utf-8")
        page = folder / RENAMED.get(name, name)
        if terms and name in names:
            text = with_glossary_links(text, name, terms)
        page.write_text(_led_inside(text, name), encoding="utf-8")
        if below := pages_below(name, folder) if name in names else ():
            _append(page, LIST % ("", _entries(below)))
    for section in guide_sections(folder):
        _append(folder / RENAMED[INDEX], LIST % (f":caption: {section.title}\n", _entries(section.pages)))
    for name in RENAMED.keys() & names:
        (folder / name).unlink()


def _entries(pages: tuple[GuidePage, ...]) -> str:
    return "\n".join(f"{page.title} <{RENAMED.get(page.name, page.name)}>" for page in pages)


def _append(page: Path, text: str) -> None:
    page.write_text(page.read_text(encoding="utf-8") + text, encoding="utf-8")


def _led_inside(text: str, page: str) -> str:
    """Links to pages with other names here get these; one to a source file names it instead."""

    def led(link: re.Match[str]) -> str:
        label, target, anchor = link.groups()
        there = os.path.relpath((DOCUMENTATION / page).parent / target, DOCUMENTATION).replace(os.sep, "/")
        there = RENAMED.get(there, there)
        if there.startswith(".."):
            return f"`{posixpath.normpath(posixpath.join('resources/docs', there))}`"
        home = posixpath.dirname(RENAMED.get(page, page))
        return f"[{label}]({posixpath.relpath(there, home or '.')}{anchor or ''})"

    return LINK.sub(led, text)
