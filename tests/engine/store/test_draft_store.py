"""Drafts are kept as they are, and a window never writes over what another one has changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.contract.errors import NutshellError
from engine.contract.recipe import Recipe
from engine.store.draft_store import DraftStore, OpenDraft
from engine.store.locations import Locations


@pytest.fixture
def store(tmp_path: Path) -> DraftStore:
    return DraftStore(Locations(tmp_path).create())


def test_a_draft_is_read_as_it_was_written(store: DraftStore) -> None:
    OpenDraft(store, "one").write(Recipe(name="hearts"))
    assert store.read("one") == Recipe(name="hearts")


def test_the_same_again_leaves_the_file_alone(store: DraftStore) -> None:
    draft = OpenDraft(store, "one")
    draft.write(Recipe(name="hearts"))
    os.utime(store.file("one"), (1e9, 1e9))
    draft.write(Recipe(name="hearts"))
    store.opened("one", Recipe(name="hearts")).write(Recipe(name="hearts"))
    assert store.file("one").stat().st_mtime == 1e9


def test_a_window_goes_on_with_its_own_writes(store: DraftStore) -> None:
    """Whether anybody hears that one was done, as of a request that is overtaken."""
    draft = OpenDraft(store, "one")
    for name in ("a", "b", "c"):
        draft.write(Recipe(name=name))
    assert [one.name for one in store.list()] == ["c"]
    assert (draft.draft, draft.has_moved) == ("one", False)


def test_what_another_window_wrote_stays(store: DraftStore) -> None:
    mine = OpenDraft(store, "one")
    mine.write(Recipe(name="hearts"))
    store.opened("one", Recipe(name="hearts")).write(Recipe(name="theirs"))
    for name in ("mine", "mine again"):
        mine.write(Recipe(name=name))
    assert (mine.has_moved, mine.draft != "one") == (True, True)
    assert {one.name for one in store.list()} == {"theirs", "mine again"}


def test_a_damaged_draft_is_listed_and_refused(store: DraftStore) -> None:
    OpenDraft(store, "good").write(Recipe(name="hearts"))
    store.file("bad").write_bytes(b"\xff\xfe name =")
    assert {one.name for one in store.list()} == {"hearts", "bad (damaged)"}
    with pytest.raises(NutshellError):
        store.read("bad")
