"""The weight of each image, so that rare classes count as much as frequent ones. No TensorFlow."""

from __future__ import annotations

import numpy as np


def balanced_weights(labels: np.ndarray, classes: int) -> np.ndarray:
    """Images / (classes × images of the class), float32 (classes,); the mean over the images is 1.

    Args:
        labels: of the training images, integers from 0, shape (n,).
    """
    counts = np.bincount(labels, minlength=classes)
    return (len(labels) / (classes * np.maximum(counts, 1))).astype(np.float32)
