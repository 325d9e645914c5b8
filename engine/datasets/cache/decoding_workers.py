"""Workers that decode images side by side: processes where there are many, because half of Pillow's work holds Python's
lock; threads where starting processes would take longer than it saves."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from multiprocessing.context import BaseContext

from engine.contract.errors import EXIT_STOPPED, NutshellError
from engine.contract.image_settings import ImageSettings
from engine.datasets.cache.decoded_image import Decoded, decode_one
from engine.datasets.source import DatasetSource, Sample

PROCESSES_FROM = 1500
"""Images: a process takes about as long to start as it needs for a few hundred."""

LATE_IMPORTS = ("imagehash", "scipy.fftpack")
"""Of what decodes: half of a process's start."""


@dataclass(frozen=True)
class DecodingWorkers:
    """What decodes batches of samples, and how many of them side by side."""

    pool: Executor
    decode: Callable[[Sequence[Sample]], list[Decoded]]
    """For the pool: one entry for each sample, in their order."""
    count: int


@contextmanager
def decoding_workers(source: DatasetSource, images: ImageSettings, count: int) -> Iterator[DecodingWorkers]:
    """Workers for `count` images, one per core.

    Raises:
        NutshellError: a process was ended from outside.
    """
    cores = os.cpu_count() or 1
    try:
        if cores == 1 or count < PROCESSES_FROM or not source.decodes_in_processes:
            with ThreadPoolExecutor(cores) as threads:
                yield DecodingWorkers(threads, partial(_decode, source, images), cores)
        else:
            job = pickle.dumps((type(source), source.settings, source.seed, source.cache, source.value_range, images))
            with ProcessPoolExecutor(cores, _process_starts(source), _begin) as processes:
                yield DecodingWorkers(processes, partial(_decode_elsewhere, job), cores)
    except BrokenProcessPool:
        raise NutshellError(
            "A process that decoded images was killed, probably because memory ran out; close other programs "
            "and run the recipe again."
        ) from None


def _process_starts(source: DatasetSource) -> BaseContext:
    """New processes, never forks of this one: those would copy locks that its other threads hold.

    On Linux they are forked off one process that has imported all they need; the next images find it there.
    """
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, type(source).__module__, *LATE_IMPORTS])
    return context


def _begin() -> None:
    """In a new process: the parent handles Ctrl-C, and no process outlives it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(EXIT_STOPPED)


def _decode_elsewhere(job: bytes, samples: Sequence[Sample]) -> list[Decoded]:
    source, images = _unpacked(job)
    return _decode(source, images, samples)


@lru_cache(maxsize=1)
def _unpacked(job: bytes) -> tuple[DatasetSource, ImageSettings]:
    """The source of a job, made once a process."""
    kind, settings, seed, cache, value_range, images = pickle.loads(job)
    return kind(settings, seed, cache, value_range), images


def _decode(source: DatasetSource, images: ImageSettings, samples: Sequence[Sample]) -> list[Decoded]:
    return [decode_one(source, images, sample) for sample in samples]
