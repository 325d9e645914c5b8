"""After a command that fills the cache: what is above its limit is cleared, and told."""

from __future__ import annotations

import sys
from pathlib import Path

from engine.language.speech import tr
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
        said = tr(
            "The cache in {folder} cannot be kept within its limit ({strerror}).",
            folder=runs_directory,
            strerror=error.strerror,
        )
        sys.stderr.write(f"{said}\n")
        return
    if cleared.freed_bytes and not quiet:
        sys.stdout.write(f"{cleared_text(cleared)} {tr('Its limit is {limit} GiB.', limit=limit_gib)}\n")
