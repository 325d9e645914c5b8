"""The reference page in the docs is what the declarations say now."""

from __future__ import annotations

from pathlib import Path

from engine.contract.recipe import Recipe
from ui.terminal.reference_page import reference_page


def test_the_page_is_up_to_date(checkout: Path) -> None:
    page = (checkout / "resources" / "docs" / "recipe.md").read_text(encoding="utf-8")
    assert page == reference_page(), "print it again: python main.py reference > resources/docs/recipe.md"


def test_every_part_of_a_recipe_is_in_it() -> None:
    page = reference_page()
    for name, field in Recipe.model_fields.items():
        key = field.alias or name
        ways = (f"## `[{key}]`", f"## `[[{key}]]`", f"\n{key} = ", f"\n| `{key}` |")
        assert any(way in page for way in ways), key
