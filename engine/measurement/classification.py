"""Classifies many images with one `.tflite`, one image at a time, an interpreter a core."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from engine.measurement.interpreter import ImageClassifier


def classify(
    file: Path, batches: Iterable[np.ndarray], raise_if_cancelled: Callable[[], None] = lambda: None
) -> np.ndarray:
    """The file's probabilities for all images, in order.

    Args:
        batches: float32 (n, height, width, channels) each, as the network is fed; held one at a time.

    Returns:
        float32 (images, classes or 1).
    """
    workers = os.cpu_count() or 1
    classifiers = [ImageClassifier(file) for _ in range(workers)]
    parts: list[np.ndarray] = []
    with ThreadPoolExecutor(workers) as pool:
        for batch in batches:
            raise_if_cancelled()
            shares = np.array_split(batch, workers)
            parts += list(pool.map(_classify, classifiers, shares))
    return np.concatenate([part for part in parts if len(part)])


def _classify(classifier: ImageClassifier, images: np.ndarray) -> np.ndarray:
    found = []
    for image in images:
        classifier.set_image(image)
        classifier.invoke()
        found.append(classifier.probabilities())
    return np.stack(found) if found else np.empty((0, 1), dtype=np.float32)
