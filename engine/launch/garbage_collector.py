"""Turns Python's garbage collector off where it would scan many lasting objects again and again and find nothing."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """No search for garbage inside; afterwards as before."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def making_what_stays() -> Iterator[None]:
    """No search for garbage inside, nor ever after among what there is then: for modules and the window."""
    with collector_at_rest():
        yield
        gc.freeze()
