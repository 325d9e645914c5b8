"""Which training images give the ranges of the activations: the same for every step and figure of a study."""

from __future__ import annotations

import numpy as np

from engine.datasets.cache.prepared import PreparedDataset
from engine.datasets.source import Split
from engine.feeding.balanced_choice import balanced_rows
from engine.feeding.fed_images import FedImages
from engine.feeding.pipeline import ImagePipeline

CALIBRATION, EVALUATION = 0xCA11B, 0xE7A1
"""Beside the study's seed, for each choice its own."""


def calibration_images(dataset: PreparedDataset, pipeline: ImagePipeline, seed: int, count: int) -> FedImages:
    """A seeded choice of `count` training images, or of all where there are fewer, the same number of each class."""
    return _choice(dataset, pipeline, Split.TRAIN, (seed, CALIBRATION), count)


def validation_images(dataset: PreparedDataset, pipeline: ImagePipeline, seed: int, count: int) -> FedImages:
    """The same of the validation images."""
    return _choice(dataset, pipeline, Split.VALIDATION, (seed, EVALUATION), count)


def _choice(
    dataset: PreparedDataset, pipeline: ImagePipeline, split: Split, seed: tuple[int, int], count: int
) -> FedImages:
    rows = dataset.splits[split]
    chosen = balanced_rows(rows, dataset.labels[rows], count, np.random.default_rng(seed))
    return FedImages(dataset, pipeline, chosen)
