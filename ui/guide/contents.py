"""The table of contents of the guide, as `resources/docs/README.md` has it: the one order for the window and the site.

A page `steps.md` is followed by the pages of the folder `steps`, if there is one, which the index does not name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from engine.launch.resources import RESOURCES

DOCUMENTATION = RESOURCES / "docs"
INDEX = "README.md"
LINKED_PAGE = re.compile(r"\[([^\]]+)\]\(([^)#:]+\.md)(?:#[^)]*)?\)")


@dataclass(frozen=True)
class GuidePage:
    """A page, as a path below the documentation's folder, such as "data.md", with its title in lists."""

    name: str
    title: str


@dataclass(frozen=True)
class GuideSection:
    """Pages under one heading of the index."""

    title: str
    pages: tuple[GuidePage, ...]


def guide_sections(folder: Path = DOCUMENTATION) -> tuple[GuideSection, ...]:
    """The sections in the index's order, without those that have no page."""
    found: list[tuple[str, list[GuidePage]]] = []
    for line in (folder / INDEX).read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            found.append((line.removeprefix("## "), []))
        elif found and line.startswith("- "):
            found[-1][1].extend(GuidePage(name, title) for title, name in LINKED_PAGE.findall(line))
    return tuple(GuideSection(title, tuple(pages)) for title, pages in found if pages)


def pages_below(page: str, folder: Path = DOCUMENTATION) -> tuple[GuidePage, ...]:
    """The pages of the folder that belongs to `page`, in the order in which `page` first links to them."""
    below = folder / page.removesuffix(".md")
    if not below.is_dir():
        return ()
    linked = [name for _, name in LINKED_PAGE.findall((folder / page).read_text(encoding="utf-8"))]
    names = dict.fromkeys([*linked, *sorted(f"{below.name}/{file.name}" for file in below.glob("*.md"))])
    inside = [name for name in names if name.startswith(f"{below.name}/")]
    return tuple(GuidePage(name, page_title((folder / name).read_text(encoding="utf-8"))) for name in inside)


def page_title(text: str) -> str:
    """The first heading of a page's text; empty: it has none."""
    return next((line.lstrip("# ").strip() for line in text.splitlines() if line.startswith("# ")), "")
