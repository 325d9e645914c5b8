"""Keeps the computer from falling asleep while a run is in progress; the screen may go dark."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def keeping_awake() -> Iterator[None]:
    """Where the system cannot be asked, such as without a desktop, nothing happens."""
    # Imported here: it looks for the system's services, and the window opens without it.
    from wakepy import keep

    with keep.running(on_fail="pass"):
        yield
