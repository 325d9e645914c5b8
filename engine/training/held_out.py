"""The images that a search for a learning rate is judged by: the same after every batch, and not trained on."""

from __future__ import annotations

import numpy as np

from engine.datasets.cache.prepared import PreparedDataset
from engine.datasets.source import Split

HELD_OUT_IMAGES = 64
"""With 32 the curve of the demo hardly falls, with 128 it is the same and costs twice as much."""
HELD_OUT_STREAM = 0x0E1D


def held_out_rows(dataset: PreparedDataset, seed: int) -> np.ndarray:
    """Rows of 64 validation images, drawn by the seed; int64, ascending.

    Where there are fewer, training images make up the number, as batch normalisation needs a batch; where there are
    fewer of those too, all.
    """
    generator = np.random.default_rng((seed, HELD_OUT_STREAM))
    drawn = [generator.permutation(dataset.splits[split]) for split in (Split.VALIDATION, Split.TRAIN)]
    return np.sort(np.concatenate(drawn)[:HELD_OUT_IMAGES])


def guessing_loss(labels: np.ndarray, classes: int) -> float:
    """The mean cross-entropy of a network that knows nothing but how frequent the classes are, in nats.

    Args:
        labels: integers from 0, shape (n,).
    """
    shares = np.bincount(labels, minlength=classes) / len(labels)
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum())
