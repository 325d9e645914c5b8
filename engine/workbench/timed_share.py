"""The latency of a file as a share of another's, timed in turn on this machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.contract.progress import Progress
from engine.measurement.machine import LATENCY_THREADS
from engine.measurement.variant import measure_latencies_together


@dataclass(frozen=True)
class TimedShare:
    """Of the whole network's time."""

    median: float
    most: float
    """The upper end of its 95 % interval: what is to be within a target."""


def timed_beside(whole: Callable[[], bytes], progress: Progress) -> Callable[[bytes], TimedShare]:
    """Times a `.tflite` in turn with the whole network's.

    Raises (what is returned):
        NutshellError: the file does not run here.
        Cancelled: out of `progress`.
    """

    def timed(other: bytes) -> TimedShare:
        with TemporaryDirectory() as folder:
            files = {name: Path(folder) / f"{name}.tflite" for name in ("whole", "other")}
            files["whole"].write_bytes(whole())
            files["other"].write_bytes(other)
            figures = measure_latencies_together(files, LATENCY_THREADS, progress)["other"]
            return TimedShare(figures.ratio, figures.ratio_ci95[1])

    return timed
