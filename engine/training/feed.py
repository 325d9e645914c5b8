"""Feeds a training with batches, which its own thread makes from the images on disk. No TensorFlow."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from engine.datasets.cache.prepared import PreparedDataset
from engine.datasets.source import Split
from engine.feeding.pipeline import ImagePipeline, network_input_shape
from engine.imaging.augment import augment, augmentation_streams, mixes_images
from engine.training.mixed_labels import MixedLabels, mixed

SHUFFLE_STREAM, AUGMENT_STREAM = 1, 2
BATCHES_AHEAD = 4
BYTES_AHEAD = 128 * 2**20
"""Fewer batches wait where they are larger."""
VALIDATION_BATCH = 256
VALIDATION_BATCH_BYTES = 32 * 2**20
"""Fewer images are evaluated at once where they are larger: what a network makes of them is some 50 times that."""

Batch = tuple[np.ndarray, np.ndarray | MixedLabels]
"""Images float32 (batch, height, width, channels) and labels int64 (batch,), of mixed images with their shares."""


@dataclass(frozen=True)
class Feed:
    """Batches of one dataset through one image pipeline.

    Shuffling has a stream of its own for every epoch, derived from (seed, stream, epoch), and each augmentation one for
    every batch: so a batch depends on no earlier one.
    """

    dataset: PreparedDataset
    pipeline: ImagePipeline
    seed: int
    batch_size: int
    augmentation: tuple[str, ...] = ()

    @property
    def batches(self) -> int:
        """Batches of an epoch; the last may be smaller."""
        return -(-len(self.dataset.splits[Split.TRAIN]) // self.batch_size)

    @property
    def mixes(self) -> bool:
        """Whether the labels of the training's batches are `MixedLabels`."""
        return mixes_images(self.augmentation)

    def training_order(self, epoch: int) -> np.ndarray:
        """Rows of the training images as they are shuffled in `epoch` (from 1)."""
        rows = self.dataset.splits[Split.TRAIN]
        return rows[np.random.default_rng((self.seed, SHUFFLE_STREAM, epoch)).permutation(len(rows))]

    def training_epoch(self, epoch: int) -> Iterator[Batch]:
        """The shuffled, augmented training images of `epoch` (from 1)."""
        order = self.training_order(epoch)

        def batch(start: int) -> Batch:
            chosen = order[start : start + self.batch_size]
            streams = augmentation_streams(
                self.augmentation, self.seed, AUGMENT_STREAM, epoch, start // self.batch_size
            )
            images, mixture = augment(self.dataset.images[chosen], streams)
            return self.pipeline.feed(images), mixed(self.dataset.labels[chosen], mixture)

        return _made_ahead(batch, range(0, len(order), self.batch_size), self.batch_size * self._image_bytes)

    def in_order(self, split: Split) -> Iterator[Batch]:
        """All images of a split as they are, in the order of their rows."""
        rows = self.dataset.splits[split]
        size = max(1, min(VALIDATION_BATCH, VALIDATION_BATCH_BYTES // self._image_bytes))

        def batch(start: int) -> Batch:
            chosen = rows[start : start + size]
            return self.pipeline.feed(self.dataset.images[chosen]), self.dataset.labels[chosen]

        return _made_ahead(batch, range(0, len(rows), size), size * self._image_bytes)

    @property
    def _image_bytes(self) -> int:
        """Of one image as the network is fed it."""
        return int(np.prod(network_input_shape(self.pipeline.settings))) * np.dtype(np.float32).itemsize


def _made_ahead(make: Callable[[int], Batch], starts: range, batch_bytes: int) -> Iterator[Batch]:
    """`make(start)` for each start in order, a few ahead of the consumer; ends its thread when no longer iterated."""
    made: queue.Queue[Batch | BaseException | None] = queue.Queue(
        maxsize=max(1, min(BATCHES_AHEAD, BYTES_AHEAD // batch_bytes))
    )
    abandoned = threading.Event()

    def put(item: Batch | BaseException | None) -> None:
        while not abandoned.is_set():
            try:
                made.put(item, timeout=0.2)
                return
            except queue.Full:
                continue

    def produce() -> None:
        try:
            for start in starts:
                if abandoned.is_set():
                    return
                put(make(start))
            put(None)
        except BaseException as error:  # noqa: BLE001 - raised again in the consumer
            put(error)

    thread = threading.Thread(target=produce, name="feed", daemon=True)
    thread.start()
    try:
        while (item := made.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        abandoned.set()
        thread.join()
