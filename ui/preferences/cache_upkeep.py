"""Keeps the cache within its limit, in a thread: when the window opens, and after each run."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.contract.errors import NutshellError
from engine.language.speech import tr
from engine.preferences.entries.cache_limit import GIB, CacheLimit
from engine.preferences.preferences_file import read_preferences
from engine.store.locations import Locations
from ui.cleared_text import cleared_text


class CacheUpkeep(QObject):
    """Tells what it has freed."""

    freed = Signal(str)

    def __init__(self, runs_directory: Callable[[], Path], parent: QObject | None = None) -> None:
        """
        Args:
            runs_directory: the one that the window uses now.
        """
        super().__init__(parent)
        self._runs_directory = runs_directory

    def start(self) -> None:
        """Keep it within its limit; returns at once."""
        threading.Thread(target=self.work, name="cache upkeep", daemon=True).start()  # not shown

    def work(self) -> None:
        """The same in the thread of the caller."""
        # Imported here: the window opens without it.
        from engine.store.cache_room import clear_cache

        limit_gib = read_preferences().value(CacheLimit)
        with contextlib.suppress(NutshellError, OSError, RuntimeError):  # Also where the window is gone meanwhile.
            if limit_gib and (cleared := clear_cache(Locations(self._runs_directory()), limit_gib * GIB)).freed_bytes:
                self.freed.emit(f"{cleared_text(cleared)} {tr('Its limit is {limit} GiB.', limit=limit_gib)}")
