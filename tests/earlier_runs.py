"""Small real runs that earlier versions of the program have written, in `tests/data/earlier_formats`.

Each was made by the last commit before a format changed, with the recipe that lies in its folder: pruning in rounds,
clustering, int8. Logs are left out.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.store.locations import Locations

DATA = Path(__file__).resolve().parent / "data" / "earlier_formats"
FIRST, SECOND, THIRD = "first", "second", "third"
"""Database 1, rounds of pruning as events of their own, no digests; database 2, no predictions; database 3, and a
folder that does not say its format."""
VERSIONS = (FIRST, SECOND, THIRD)


def earlier_runs(version: str, target: Path) -> Locations:
    """A copy of the runs directory of a version, to be opened."""
    shutil.copytree(DATA / version, target)
    return Locations(target)


def only_run(locations: Locations) -> Path:
    """The folder of its one run."""
    (directory,) = locations.runs.iterdir()
    return directory
