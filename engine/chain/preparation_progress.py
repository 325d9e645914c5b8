"""Tells how far the images are prepared, with the time left."""

from __future__ import annotations

import time
from collections.abc import Callable

from engine.contract.events import EngineEvent, PreparationProgress
from engine.contract.progress import Progress
from engine.training.control import Control


def preparation_progress(control: Control, emit: Callable[[EngineEvent], None]) -> Progress:
    """For preparing images: reports become events."""
    started = time.perf_counter()

    def tell(done: int, total: int) -> None:
        left = (time.perf_counter() - started) / done * (total - done) if done else None
        emit(PreparationProgress(done=done, total=total, seconds_left=left))

    return Progress(control.raise_if_cancelled, on_report=tell)
