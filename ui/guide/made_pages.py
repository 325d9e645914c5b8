"""The pages of the guide that are made from declarations, beside those that are written."""

from __future__ import annotations

from pathlib import Path

from ui.guide.step_page import step_pages
from ui.terminal.reference_page import reference_page

RECIPE = "recipe.md"


def made_pages() -> dict[str, str]:
    """Path below the documentation's folder → text."""
    return {RECIPE: reference_page()} | step_pages()


def write_made_pages(folder: Path) -> None:
    """Write all of them below `folder`."""
    for name, text in made_pages().items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
