"""The memory that a fresh process needs for a `.tflite`. Runs in a clean process, one per file."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import numpy as np
import psutil

from engine.measurement.interpreter import ImageClassifier

RUNS = 3


def peak_memory_gain(path: Path) -> int:
    """Bytes of resident memory, at its peak, over what the process had with LiteRT and NumPy loaded.

    The file itself counts, as its weights are read into memory to be used.

    Raises:
        NutshellError: the file is missing or does not run here.
    """
    # Their own memory is not the file's.
    from ai_edge_litert import interpreter, schema_py_generated  # noqa: F401

    _forget_peak()
    before = psutil.Process().memory_info().rss
    classifier = ImageClassifier(path)
    classifier.set_image(np.zeros(classifier.input_shape, dtype=np.float32))
    for _ in range(RUNS):
        classifier.invoke()
    return max(peak_resident_bytes() - before, 0)


def _forget_peak() -> None:
    """Start Linux's high-water mark anew, where it may be: importing libraries had a peak of its own."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_resident_bytes() -> int:
    """Most bytes of this process that were in memory at once."""
    now = psutil.Process().memory_info()
    if sys.platform == "win32":
        return int(now.peak_wset)
    if sys.platform == "linux":
        return max(_linux_high_water_mark(), int(now.rss))
    import resource

    # Bytes, on macOS.
    return max(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, int(now.rss))


def _linux_high_water_mark() -> int:
    """VmHWM, 0 where there is none.

    Not `ru_maxrss`: Linux hands that on through fork and exec, so it would be at least what the engine, with
    TensorFlow in it, has needed.
    """
    for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
