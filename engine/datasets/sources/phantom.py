"""A dataset that the engine draws itself: short-axis hearts, healthy and sick, for the demo and for tests."""

from __future__ import annotations

import hashlib
from typing import ClassVar

import numpy as np

from engine.contract.progress import UNWATCHED, Progress
from engine.datasets.files.phantom_heart import draw_heart
from engine.datasets.listing.indexing import chosen_classes
from engine.datasets.source import DatasetSource, Sample, SampleIndex

CLASSES = ("normal", "sick")
DEFAULT_PER_CLASS = 400
DRAWING = 1
"""Raised when the same seed would draw other images."""


class Phantom(DatasetSource):
    key: ClassVar[str] = "phantom"
    title: ClassVar[str] = "Drawn hearts (demo)"
    summary: ClassVar[str] = (
        "Short-axis cardiac MR-like images that the program draws: normal, and sick, with a thin or dark piece of wall."
    )
    draws_images: ClassVar[bool] = True

    def index(self, progress: Progress = UNWATCHED) -> SampleIndex:
        classes = chosen_classes(self.settings, CLASSES)
        count = self.settings.limit_per_class or DEFAULT_PER_CLASS
        samples = tuple(
            Sample(f"phantom/{name}/{number:06d}", label, stamp=f"{DRAWING}/{self.seed}")
            for label, name in enumerate(classes)
            for number in range(count)
        )
        digest = hashlib.sha256(repr((DRAWING, self.seed, classes, count)).encode()).hexdigest()
        return SampleIndex(classes, samples, fingerprint=digest)

    def values(self, sample: Sample) -> np.ndarray:
        _, name, number = sample.path.split("/")
        generator = np.random.default_rng((self.seed, CLASSES.index(name), int(number)))
        return draw_heart(generator, sick=name == "sick")
