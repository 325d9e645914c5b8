"""What is deleted with a run: its directory, and the stages and checkpoints that no other run or draft uses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from engine.store.database import open_database
from engine.store.locations import Locations

STAGES_FILE = "stages.txt"
"""In a run's directory: the keys of the stages that it used, one per line."""
STAGE_KEY = re.compile(r"\b[0-9a-f]{64}\b")
NAMING_FILES = (STAGES_FILE, "recipe.toml")
"""In which a run names the stages that it used, or took as weights."""
PLANS = '"run_started"'
"""In the lines of its events that name the planned ones."""


@dataclass(frozen=True)
class Removal:
    """What would be deleted."""

    run: str
    paths: tuple[Path, ...]
    """The run's directory first, then stages."""
    freed_bytes: int
    kept_stages: int
    """That other runs use too."""


def note_used_stage(directory: Path, key: str) -> None:
    """Remember that the run of this directory used a stage: a finished one, or the checkpoint of one."""
    with (directory / STAGES_FILE).open("a", encoding="ascii") as stream:
        stream.write(f"{key}\n")


def planned_removal(locations: Locations, run: str) -> Removal:
    """What deleting a run would delete; deletes nothing.

    Raises:
        OSError: a folder cannot be read.
    """
    directory = locations.runs / run
    own = _named_stages(directory)
    others = named_stages(locations, but=run)
    there = {key for key in own if any(locations.stages.glob(f"{key}*"))}
    only = sorted(there - others)
    paths = (directory, *(path for key in only for path in sorted(locations.stages.glob(f"{key}*"))))
    return Removal(run, paths, sum(map(_bytes, paths)), len(there & others))


def forget_run(locations: Locations, run: str) -> None:
    """Take a run out of the list."""
    with open_database(locations.database) as database:
        database.execute("DELETE FROM runs WHERE run = ?", (run,))


def named_stages(locations: Locations, but: str = "") -> frozenset[str]:
    """The keys of the stages that runs and drafts name.

    Args:
        but: a run that does not count.

    Raises:
        OSError: a folder cannot be read.
    """
    runs = [one for one in locations.runs.iterdir() if one.name != but] if locations.runs.is_dir() else []
    drafts = locations.drafts.iterdir() if locations.drafts.is_dir() else ()
    in_runs = {key for run in runs for key in _named_stages(run)}
    return frozenset(in_runs.union(*(_keys_in(draft) for draft in drafts)))


def _named_stages(directory: Path) -> set[str]:
    keys = {key for name in NAMING_FILES for key in _keys_in(directory / name)}
    try:
        with (directory / "events.jsonl").open(encoding="utf-8", errors="replace") as lines:
            return keys.union(*(STAGE_KEY.findall(line) for line in lines if PLANS in line))
    except OSError:
        return keys


def _keys_in(file: Path) -> set[str]:
    try:
        return set(STAGE_KEY.findall(file.read_text(encoding="utf-8", errors="replace")))
    except OSError:
        return set()


def _bytes(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
