"""A stage's files are believed by their hashes: one changed byte anywhere is noticed, and nothing is deleted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.store.locations import Locations
from engine.store.stage_store import FACTS_FILE, StageFacts, StageStore
from engine.training.checkpoint import Checkpoint, is_damaged, load_checkpoint, save_checkpoint

FILES = {"model.tflite": bytes(range(256)) * 40, "model.keras": b"weights" * 1000, "network.json": b'{"parameters": 1}'}


@pytest.fixture
def store(tmp_path: Path) -> StageStore:
    store = StageStore(Locations(tmp_path).create())
    write(store)
    return store


def write(store: StageStore) -> None:
    with store.finishing("key") as folder:
        for name, content in FILES.items():
            (folder / name).write_bytes(content)
        store.finish("key", folder, StageFacts(title="Baseline", seconds=12.5))


def flip(file: Path, place: float) -> None:
    content = bytearray(file.read_bytes())
    content[int(place * (len(content) - 1))] ^= 1
    file.write_bytes(content)


def test_a_whole_stage_is_whole(store: StageStore) -> None:
    assert store.damage("key") == ""
    facts = store.facts("key")
    assert facts is not None
    assert (facts.title, facts.seconds, set(facts.files)) == ("Baseline", 12.5, set(FILES))
    assert (store.damage("none"), store.facts("none")) == ("", None)


def test_facts_that_knew_of_no_kept_epoch_are_still_whole(store: StageStore) -> None:
    written = store.folder("key") / FACTS_FILE
    text = written.read_text(encoding="utf-8")
    document = json.loads(text)
    assert document.pop("kept_epoch") is None
    written.write_text(json.dumps(document), encoding="utf-8")
    assert store.damage("key") == ""
    assert StageFacts(title="Baseline", seconds=1, kept_epoch=3).own_digest() != (
        StageFacts(title="Baseline", seconds=1).own_digest()
    )


@pytest.mark.parametrize("place", [0, 0.5, 1])
@pytest.mark.parametrize("name", [*FILES, FACTS_FILE])
def test_one_changed_byte_is_noticed_and_the_stage_made_again(store: StageStore, name: str, place: float) -> None:
    flip(store.folder("key") / name, place)
    damaged = (store.folder("key") / name).read_bytes()
    assert store.damage("key") == name
    write(store)
    assert store.damage("key") == ""
    assert (store.folder("key") / "model.tflite").read_bytes() == FILES["model.tflite"]
    (aside,) = store.locations.stages.glob("key.damaged-*")
    assert (aside / name).read_bytes() == damaged


def test_a_file_that_is_gone_is_damage(store: StageStore) -> None:
    (store.folder("key") / "model.keras").unlink()
    assert store.damage("key") == FACTS_FILE
    assert store.facts("key") is None


def test_a_checkpoint_is_believed_by_its_hash(tmp_path: Path) -> None:
    path = tmp_path / "key.checkpoint"
    weights = [np.arange(200, dtype=np.float32)]
    save_checkpoint(path, Checkpoint((), 0, weights, None, weights, []))
    assert not is_damaged(path)
    whole = path.read_bytes()
    for place in (0, 30, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert is_damaged(path)
        assert load_checkpoint(path) is None
    path.write_bytes(whole)
    loaded = load_checkpoint(path)
    assert loaded is not None
    assert np.array_equal(loaded.weights[0], weights[0])
    assert not is_damaged(tmp_path / "none")
