"""What clearing the cache has done, as a sentence."""

from __future__ import annotations

from engine.store.cache_room import Cleared
from ui.byte_sizes import bytes_text


def cleared_text(cleared: Cleared) -> str:
    """Such as "1.2 GiB of the cache freed; 30 MiB are in use and stay."."""
    freed = f"{bytes_text(cleared.freed_bytes)} of the cache freed" if cleared.freed_bytes else "Nothing was freed"
    stays = f"; {bytes_text(cleared.in_use_bytes)} are in use and stay" if cleared.in_use_bytes else ""
    return f"{freed}{stays}."
