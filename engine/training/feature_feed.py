"""Feeds the trained part of a network with stored features, in the order of the images. No TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from engine.datasets.source import Split
from engine.training.feed import VALIDATION_BATCH, Batch, Feed


@dataclass(frozen=True)
class FeatureFeed:
    """Batches of features, float32 (batch, …), and labels, int64 (batch,)."""

    feed: Feed
    """Of the images."""
    features: np.ndarray
    places: Mapping[int, int]
    """Row of an image → row of its features."""

    @property
    def batches(self) -> int:
        return self.feed.batches

    def training_epoch(self, epoch: int) -> Iterator[Batch]:
        """The shuffled training images of `epoch` (from 1)."""
        return self._batches(self.feed.training_order(epoch), self.feed.batch_size)

    def in_order(self, split: Split) -> Iterator[Batch]:
        """All images of a split, in the order of their rows."""
        return self._batches(self.feed.dataset.splits[split], VALIDATION_BATCH)

    def _batches(self, rows: np.ndarray, size: int) -> Iterator[Batch]:
        for start in range(0, len(rows), size):
            chosen = rows[start : start + size]
            places = [self.places[int(row)] for row in chosen]
            yield np.asarray(self.features[places]), self.feed.dataset.labels[chosen]
