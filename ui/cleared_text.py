"""What clearing the cache has done, as a sentence."""

from __future__ import annotations

from engine.language.speech import tr
from engine.store.cache_room import Cleared
from ui.byte_sizes import bytes_text


def cleared_text(cleared: Cleared) -> str:
    """Such as "1.2 GiB of the cache freed; 30 MiB are in use and stay."."""
    freed = tr("Nothing was freed")
    if cleared.freed_bytes:
        freed = tr("{freed} of the cache freed", freed=bytes_text(cleared.freed_bytes))
    stays = (
        tr("; {in_use} are in use and stay", in_use=bytes_text(cleared.in_use_bytes)) if cleared.in_use_bytes else ""
    )
    return f"{freed}{stays}."
