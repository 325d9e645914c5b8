"""Decodes and resizes all samples of a dataset into one array on disk, on all cores, in bounded memory."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from engine.contract.image_settings import ImageSettings
from engine.contract.progress import Progress
from engine.datasets.cache.decoded_image import Decoded
from engine.datasets.cache.decoding_workers import DecodingWorkers, decoding_workers
from engine.datasets.cache.image_cache import IMAGES_FILE
from engine.datasets.cache.image_writer import ImageWriter
from engine.datasets.cache.ordered_work import in_order
from engine.datasets.files.image_traits import ImageTraits
from engine.datasets.source import DatasetSource, Sample

BATCH, BATCHES_PER_WORKER = 16, 3
"""Images per batch of a worker, and how many batches it may be ahead of the writer."""
TOLD_EVERY = 16
"""Images between two calls of `progress`."""


@dataclass(frozen=True)
class DecodedDataset:
    """What was written, in the samples' order without those that could not be read."""

    samples: tuple[Sample, ...]
    traits: tuple[ImageTraits, ...]
    """Of each sample's original image."""
    unreadable: tuple[Decoded, ...]
    bytes_before: int
    bytes_after: int


def decode_into(
    folder: Path,
    source: DatasetSource,
    images: ImageSettings,
    samples: tuple[Sample, ...],
    progress: Progress,
) -> DecodedDataset:
    """Write the images of all samples that can be read into `images.npy` in `folder`, in the samples' order.

    Raises:
        OSError: the file cannot be written.
    """
    image_shape = (*images.height_width, 1 if images.color == "grayscale" else 3)
    kept: list[Sample] = []
    traits: list[ImageTraits] = []
    unreadable: list[Decoded] = []
    before = after = 0
    with (
        ImageWriter(folder / IMAGES_FILE, image_shape) as writer,
        decoding_workers(source, images, len(samples)) as workers,
        closing(_in_order(workers, samples)) as in_samples_order,
    ):
        for done, decoded in enumerate(in_samples_order):
            if done % TOLD_EVERY == 0:
                progress.report(done, len(samples))
            if decoded.pixels is None or decoded.traits is None:
                unreadable.append(decoded)
                continue
            writer.append(decoded.pixels)
            kept.append(decoded.sample)
            traits.append(decoded.traits)
            before, after = before + decoded.bytes_before, after + decoded.bytes_after
    progress.report(len(samples), len(samples))
    return DecodedDataset(tuple(kept), tuple(traits), tuple(unreadable), before, after)


def _in_order(workers: DecodingWorkers, samples: tuple[Sample, ...]) -> Generator[Decoded]:
    """All samples decoded, in their order."""
    batches = (samples[start : start + BATCH] for start in range(0, len(samples), BATCH))
    for decoded in in_order(workers.pool, workers.decode, batches, workers.count * BATCHES_PER_WORKER):
        yield from decoded
