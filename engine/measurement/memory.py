"""The memory that a fresh process needs for a `.tflite`. Runs in a clean process, one a file."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import psutil

from engine.measurement.interpreter import ImageClassifier

RUNS = 3


def peak_memory_gain(path: Path) -> int:
    """Bytes of resident memory, at its peak, over what the process had with LiteRT and NumPy loaded."""
    from ai_edge_litert import interpreter as _loaded  # noqa: F401 - its own memory is not the file's

    before = psutil.Process().memory_info().rss
    classifier = ImageClassifier(path)
    classifier.set_image(np.zeros(classifier.input_shape, dtype=np.float32))
    for _ in range(RUNS):
        classifier.invoke()
    return max(_peak() - before, 0)


def _peak() -> int:
    now = psutil.Process().memory_info()
    if sys.platform == "win32":
        return int(now.peak_wset)
    import resource

    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Kibibytes on Linux, bytes on macOS.
    return max(int(largest) * (1 if sys.platform == "darwin" else 1024), int(now.rss))
