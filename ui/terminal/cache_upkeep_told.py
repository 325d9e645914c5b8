"""After a command that fills the cache: what is above its limit is cleared, and told."""

from __future__ import annotations

import sys
from pathlib import Path

from engine.preferences.entries.cache_limit import GIB
from engine.store.cache_room import clear_cache
from engine.store.locations import Locations
from ui.cleared_text import cleared_text


def keep_cache_within(limit_gib: int, runs_directory: Path, quiet: bool) -> None:
    """
    Args:
        limit_gib: 0: there is none.
    """
    if not limit_gib:
        return
    try:
        cleared = clear_cache(Locations(runs_directory), limit_gib * GIB)
    except OSError as error:
        sys.stderr.write(f"The cache in {runs_directory} cannot be kept within its limit ({error.strerror}).\n")
        return
    if cleared.freed_bytes and not quiet:
        sys.stdout.write(f"{cleared_text(cleared)} Its limit is {limit_gib} GiB.\n")
