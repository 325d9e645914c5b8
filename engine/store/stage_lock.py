"""Only one process at a time computes a stage: others wait, and then find it finished."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from engine.contract.progress import Progress
from engine.store.locations import Locations
from engine.store.use_marks import mark_used

POLL_S = 0.5


@contextmanager
def computing_alone(locations: Locations, key: str, on_wait: Callable[[], None], progress: Progress) -> Iterator[None]:
    """Hold the stage's lock; a process that ends, however it ends, gives its locks up.

    Args:
        on_wait: called once, where another process computes the stage.
    """
    mark_used(locations.stages / key, locations.locks)
    lock = FileLock(locations.locks / f"{key}.lock")
    told = False
    while True:
        progress.raise_if_cancelled()
        try:
            lock.acquire(timeout=POLL_S)
            break
        except Timeout:
            if not told:
                on_wait()
                told = True
    try:
        yield
    finally:
        lock.release()
