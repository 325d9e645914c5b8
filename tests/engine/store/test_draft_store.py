"""Drafts are kept as they are, and a window never writes over what another one has changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.contract.errors import NutshellError
from engine.contract.recipe import Recipe
from engine.store.draft_store import DraftStore
from engine.store.locations import Locations


@pytest.fixture
def store(tmp_path: Path) -> DraftStore:
    return DraftStore(Locations(tmp_path).create())


def test_a_draft_is_read_as_it_was_written(store: DraftStore) -> None:
    kept = store.write("one", Recipe(name="hearts"))
    assert store.read("one") == Recipe(name="hearts")
    assert store.kept("one") == kept == store.kept_as("one", Recipe(name="hearts"))
    assert store.kept_as("one", Recipe(name="lungs")) is None


def test_the_same_again_leaves_the_file_alone(store: DraftStore) -> None:
    kept = store.write("one", Recipe(name="hearts"))
    os.utime(store.file("one"), (1e9, 1e9))
    assert store.write("one", Recipe(name="hearts"), known="something else") == kept
    assert store.file("one").stat().st_mtime == 1e9


def test_what_another_window_wrote_stays(store: DraftStore) -> None:
    mine = store.write("one", Recipe(name="hearts"))
    store.write("one", Recipe(name="theirs"), known=mine.text)
    moved = store.write("one", Recipe(name="mine"), known=mine.text)
    assert moved.draft != "one"
    assert store.read("one").name == "theirs"
    assert store.read(moved.draft).name == "mine"


def test_a_damaged_draft_is_listed_and_refused(store: DraftStore) -> None:
    store.write("good", Recipe(name="hearts"))
    store.file("bad").write_bytes(b"\xff\xfe name =")
    assert {one.name for one in store.list()} == {"hearts", "bad (damaged)"}
    with pytest.raises(NutshellError):
        store.read("bad")
