"""The cache gives up what was used longest ago, and never what a run, a draft or a process needs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.contract.recipe_file import parse_recipe
from engine.datasets.cache.preparation import prepare, scan
from engine.store.cache_room import Cleared, cache_room, clear_cache
from engine.store.locations import Locations
from engine.store.run_removal import note_used_stage
from engine.store.use_marks import mark_used
from tests.earlier_runs import THIRD, earlier_runs, only_run

OLD, NEW, NAMED, DRAFTED, UNUSED = ("a" * 64, "b" * 64, "c" * 64, "d" * 64, "e" * 64)
SIZE = 1000

WAITING = """
import sys
from pathlib import Path
from engine.store.locations import Locations
from engine.store.use_marks import mark_used
locations = Locations(Path(sys.argv[1]))
mark_used(locations.image_cache / sys.argv[2], locations.locks)
print("marked", flush=True)
sys.stdin.read()
"""
COMPUTING = """
import sys
from pathlib import Path
from engine.contract.progress import UNWATCHED
from engine.store.locations import Locations
from engine.store.stage_lock import computing_alone
with computing_alone(Locations(Path(sys.argv[1])), sys.argv[2], lambda: None, UNWATCHED):
    print("marked", flush=True)
    sys.stdin.read()
"""


def add(folder: Path, age: int) -> Path:
    """An entry of `SIZE` bytes that was used so many seconds before the others."""
    folder.mkdir(parents=True)
    (folder / "images.npy").write_bytes(bytes(SIZE))
    for path in (folder / "images.npy", folder):
        os.utime(path, (1e9 - age, 1e9 - age))
    return folder


@pytest.fixture
def locations(tmp_path: Path) -> Locations:
    """Two prepared sets of images; stages of a run, of a draft and of nobody."""
    locations = Locations(tmp_path).create()
    add(locations.image_cache / OLD, age=2)
    add(locations.image_cache / NEW, age=0)
    for key in (NAMED, DRAFTED, UNUSED):
        add(locations.stages / key, age=9 if key != UNUSED else 1)
    (locations.stages / f"{NAMED}.checkpoint.npz").write_bytes(bytes(SIZE))
    run = locations.runs / "one"
    run.mkdir()
    note_used_stage(run, NAMED)
    locations.drafts.mkdir()
    (locations.drafts / "d.toml").write_text(f'weights = "{locations.stages / DRAFTED}/model.keras"', encoding="utf-8")
    return locations


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_it_is_measured(locations: Locations) -> None:
    room = cache_room(locations)
    assert (room.images_bytes, room.stages_bytes, room.bytes) == (2 * SIZE, SIZE, 3 * SIZE)
    assert room.kept_bytes == 3 * SIZE
    assert cache_room(Locations(locations.root / "none")).bytes == 0


def test_the_longest_unused_goes_first(locations: Locations) -> None:
    assert clear_cache(locations, 3 * SIZE) == Cleared(0, 0)
    assert clear_cache(locations, 2 * SIZE) == Cleared(SIZE, 0)
    assert names(locations.image_cache) == {NEW}
    assert names(locations.stages) == {NAMED, DRAFTED, UNUSED, f"{NAMED}.checkpoint.npz"}
    assert clear_cache(locations, SIZE + 1) == Cleared(SIZE, 0)
    assert names(locations.stages) == {NAMED, DRAFTED, f"{NAMED}.checkpoint.npz"}
    assert clear_cache(locations, 0) == Cleared(SIZE, 0)
    assert names(locations.image_cache) == set()
    assert names(locations.stages) == {NAMED, DRAFTED, f"{NAMED}.checkpoint.npz"}


def test_what_was_used_lately_counts_as_new(locations: Locations) -> None:
    mark_used(locations.image_cache / OLD, locations.root / "locks of another test")
    assert clear_cache(locations, 2 * SIZE).freed_bytes == SIZE
    assert UNUSED not in names(locations.stages)
    assert names(locations.image_cache) == {OLD, NEW}


@pytest.mark.parametrize(("script", "key"), [(WAITING, OLD), (COMPUTING, UNUSED)])
def test_what_another_process_uses_stays_until_it_has_ended(locations: Locations, script: str, key: str) -> None:
    arguments = [sys.executable, "-c", script, str(locations.root), key]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "marked\n"
        assert clear_cache(locations, 0) == Cleared(2 * SIZE, SIZE)
        left = names(locations.image_cache) | names(locations.stages)
        assert left == {key, NAMED, DRAFTED, f"{NAMED}.checkpoint.npz"}
        child.kill()
    assert clear_cache(locations, 0) == Cleared(SIZE, 0)
    assert key not in names(locations.image_cache) | names(locations.stages)


def test_prepared_images_of_this_process_stay(tmp_path: Path) -> None:
    locations = Locations(tmp_path).create()
    recipe = parse_recipe(
        'schema = 1\nname = "n"\n[dataset]\nkind = "phantom"\nlimit_per_class = 8\n[images]\nsize = 16\n'
        '[backbone]\nkind = "resnet8"\n[[chains]]\nname = "c"\nsteps = []\n'
    )
    index = scan(recipe.dataset, recipe.seed, cache=locations.image_cache)
    prepared = prepare(index, recipe.dataset, recipe.images.first, recipe.seed, locations.image_cache)
    cleared = clear_cache(locations, 0)
    assert (cleared.freed_bytes, cleared.in_use_bytes > 0) == (0, True)
    assert prepared.images[0].shape == (16, 16, 3)


def test_no_run_of_an_earlier_version_loses_anything(tmp_path: Path) -> None:
    locations = earlier_runs(THIRD, tmp_path / "runs")
    run = only_run(locations)
    keys = (run / "stages.txt").read_text(encoding="ascii").split()
    for key in keys:
        add(locations.stages / key, age=5)
    before = {path: path.read_bytes() for path in locations.root.rglob("*") if path.is_file()}
    assert clear_cache(locations, 0) == Cleared(0, 0)
    after = {path: path.read_bytes() for path in locations.root.rglob("*") if path.is_file()}
    assert after == before


def test_clearing_that_is_cut_off_leaves_no_half_entry(locations: Locations) -> None:
    # As a process that is killed in between leaves it: the entry has another name already.
    gone = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from pathlib import Path; from engine.store.durable_file import temporary_beside; "
            "path = Path(sys.argv[1]); path.rename(temporary_beside(path))",
            str(locations.image_cache / OLD),
        ],
        check=True,
    )
    assert gone.returncode == 0
    assert cache_room(locations).images_bytes == SIZE
    clear_cache(locations, 10 * SIZE)
    assert names(locations.image_cache) == {NEW}
