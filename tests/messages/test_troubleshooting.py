"""Each message that a user can get has an entry with its cause and way out, and the pages are what the sources say."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from engine.chain.preflight import preflight
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import NutshellError
from engine.contract.recipe_file import parse_recipe, read_recipe
from engine.datasets.source import DATASETS
from tests.messages.collected_messages import CollectedMessage, collect_messages
from tests.messages.message_entries import TroubleBook, trouble_book
from tests.messages.message_texts import FILLED, MessageTexts
from tests.messages.read_modules import read_module
from tests.messages.trouble_pages import trouble_pages

DO = "run: python -m tests.messages"


@pytest.fixture(scope="module")
def messages() -> tuple[CollectedMessage, ...]:
    return collect_messages()


@pytest.fixture(scope="module")
def book() -> TroubleBook:
    return trouble_book()


def test_every_message_has_an_entry(messages: tuple[CollectedMessage, ...], book: TroubleBook) -> None:
    assert [f"{one.module}, line {one.line}: {one.text}" for one in book.unexplained(messages)] == []


def test_every_pattern_fits_a_message(messages: tuple[CollectedMessage, ...], book: TroubleBook) -> None:
    assert book.idle_patterns(messages) == ()


def test_the_pages_are_up_to_date(checkout: Path, messages: tuple[CollectedMessage, ...], book: TroubleBook) -> None:
    for name, text in trouble_pages(book, messages).items():
        assert (checkout / "resources" / "docs" / name).read_text(encoding="utf-8") == text, DO


@pytest.mark.parametrize(
    ("recipe", "title"),
    [
        ("schema = 1\nname =", "A line of the recipe is not TOML"),
        ("name = 'x'", "The format version, or another key, is missing"),
        ("schema = 1\n[training]\nepochs = -3", "A value is outside of its range"),
        ("schema = 1\n[training]\nepoch = 3", "There is no such name"),
        ('schema = 1\n[[chains]]\nname = "a"\nsteps = [{ step = "prune" }]', "There is no such name"),
        ("schema = 1\nseeds = [1, 1]", "Something is named twice"),
    ],
)
def test_a_real_fault_of_a_recipe_is_explained(
    messages: tuple[CollectedMessage, ...], book: TroubleBook, recipe: str, title: str
) -> None:
    with pytest.raises(NutshellError) as raised:
        parse_recipe(recipe)
    assert title in _entries_of(str(raised.value), messages, book)


def test_a_real_fault_of_a_path_is_explained(
    messages: tuple[CollectedMessage, ...], book: TroubleBook, tmp_path: Path
) -> None:
    with pytest.raises(NutshellError) as no_recipe:
        read_recipe(tmp_path / "none.toml")
    assert "The recipe's file cannot be read" in _entries_of(str(no_recipe.value), messages, book)
    settings = DatasetSettings(kind="image_folder", path=str(tmp_path / "x"))
    with pytest.raises(NutshellError) as no_images:
        DATASETS["image_folder"](settings, 7, tmp_path).index()
    assert "The folder or file of images is not there" in _entries_of(str(no_images.value), messages, book)


def test_real_findings_are_explained(messages: tuple[CollectedMessage, ...], book: TroubleBook) -> None:
    recipe = parse_recipe(
        """schema = 1
seeds = [1, 2]
[training]
optimizer = "adamw"
[[chains]]
name = "wrong way round"
steps = [{ step = "post_training_quantization", scheme = "int4" }, { step = "magnitude_pruning" }]
[[chains]]
name = "empty"
"""
    )
    findings = [finding.message for finding in preflight(recipe)]
    assert len(findings) > 4
    assert [message for message in findings if not _entries_of(message, messages, book)] == []


def test_texts_are_followed_through_names_and_calls() -> None:
    source = """
REST = "; choose another."
def names(count):
    return f"{count} names" if count else "no name at all in this file"
def check(count, path):
    what = names(count)
    message = f"{path} has {what}{REST}"
    raise DataError(message)
"""
    module = read_module("m", source)
    raised = next(call for call in module.calls if isinstance(call.func, ast.Name) and call.func.id == "DataError")
    assert MessageTexts({"m": module}).of(module, raised.args[0]) == (
        "… has … names; choose another.",
        "… has no name at all in this file; choose another.",
    )


def _entries_of(said: str, messages: tuple[CollectedMessage, ...], book: TroubleBook) -> set[str]:
    """The titles of the entries that have the message as it was said, filled in."""
    found = set()
    for one in messages:
        form = ".*".join(map(re.escape, one.text.split(FILLED)))
        # Some are the end of a sentence that says where it is.
        if re.search(rf"(^|: |, ){form}\.?$", said, re.DOTALL):
            entry = book.entry_of(one.text)
            assert entry is not None
            found.add(entry.title)
    return found
