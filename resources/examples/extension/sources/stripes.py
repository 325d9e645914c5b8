"""A whole source of images: stripes that lie or stand, drawn anew for each seed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import ClassVar

import numpy as np

from engine.datasets.listing.indexing import chosen_classes
from engine.datasets.source import DatasetSource, Sample, SampleIndex

CLASSES = ("lying", "standing")
IMAGES_PER_CLASS = 60
SIDE = 32


class Stripes(DatasetSource):
    key: ClassVar[str] = "stripes"
    title: ClassVar[str] = "Stripes"
    summary: ClassVar[str] = "Gray stripes that lie or stand, with noise."
    draws_images: ClassVar[bool] = True

    def index(self, progress: Callable[[int, int], None] | None = None) -> SampleIndex:
        classes = chosen_classes(self.settings, CLASSES)
        count = self.settings.limit_per_class or IMAGES_PER_CLASS
        samples = tuple(
            Sample(f"stripes/{name}/{number}", label, stamp=str(self.seed))
            for label, name in enumerate(classes)
            for number in range(count)
        )
        digest = hashlib.sha256(repr((self.seed, classes, count)).encode()).hexdigest()
        return SampleIndex(classes, samples, fingerprint=digest)

    def values(self, sample: Sample) -> np.ndarray:
        _, name, number = sample.path.split("/")
        noise = np.random.default_rng((self.seed, CLASSES.index(name), int(number)))
        wave = 90 * np.sin(np.arange(SIDE) * noise.uniform(0.5, 1.5))
        image = 128 + wave[:, None] + noise.normal(0, 20, (SIDE, SIDE))
        return np.clip(image if name == "lying" else image.T, 0, 255).astype(np.uint8)
