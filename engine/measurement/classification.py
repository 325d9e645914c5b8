"""Classifies many images with one `.tflite`, one image at a time, one interpreter per core."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil

from engine.contract.errors import NutshellError
from engine.contract.progress import UNWATCHED, Progress
from engine.measurement.interpreter import ImageClassifier
from engine.measurement.machine import core_count

MOST_INTERPRETERS = 16
LOADED_OVER_STORED = 4
"""About how many times its file's bytes a loaded network takes, kernels packed again for the processor included."""


def classify(file: Path | bytes, batches: Iterable[np.ndarray], progress: Progress = UNWATCHED) -> np.ndarray:
    """The file's probabilities for all images, in order.

    An interpreter lets go of Python's lock while it computes, so threads are enough to keep every core busy.

    Args:
        batches: float32 (n, height, width, channels) each, as the network is fed; held one at a time.
        progress: asked before each image, by any thread.

    Returns:
        float32 (images, classes or 1).

    Raises:
        NutshellError: the file is missing or does not run here, or an output is not a finite number.
    """
    workers = _interpreters_that_fit(file)
    classifiers = [ImageClassifier(file) for _ in range(workers)]

    def probabilities(classifier: ImageClassifier, images: np.ndarray) -> list[np.ndarray]:
        found = []
        for image in images:
            progress.raise_if_cancelled()
            classifier.set_image(image)
            classifier.invoke()
            found.append(classifier.probabilities())
        return found

    rows: list[np.ndarray] = []
    with ThreadPoolExecutor(workers) as pool:
        for batch in batches:
            for part in pool.map(probabilities, classifiers, np.array_split(batch, workers)):
                rows += part
    output = np.stack(rows)
    wrong = int((~np.isfinite(output)).any(axis=1).sum())
    if wrong:
        raise NutshellError(
            f"The network gives no numbers (NaN or infinity) for {wrong:,} of {len(output):,} images; check its "
            "weights, or train it at a lower learning rate."
        )
    return output


def _interpreters_that_fit(file: Path | bytes) -> int:
    """One a core, as long as they take no more than half of the free memory; at least 1."""
    stored = len(file) if isinstance(file, bytes) else file.stat().st_size if file.is_file() else 0
    affordable = psutil.virtual_memory().available // 2 // max(LOADED_OVER_STORED * stored, 1)
    return max(1, min(core_count(), MOST_INTERPRETERS, affordable))
