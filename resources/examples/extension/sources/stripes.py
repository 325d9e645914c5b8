"""A whole source of images with a setting of its own: stripes that lie or stand, drawn anew for each seed."""

from __future__ import annotations

import hashlib
from typing import ClassVar

import numpy as np
from pydantic import Field

from engine.contract.dataset_options import DatasetOptions
from engine.contract.progress import UNWATCHED, Progress
from engine.datasets.listing.indexing import chosen_classes
from engine.datasets.source import DatasetSource, Sample, SampleIndex

CLASSES = ("lying", "standing")
IMAGES_PER_CLASS = 60
SIDE = 32


class StripesOptions(DatasetOptions):
    """How the stripes are drawn."""

    key: ClassVar[str] = "stripes"

    noise: float = Field(
        20.0,
        ge=0,
        le=100,
        title="Noise",
        description="The standard deviation of what is added to each pixel.",
        json_schema_extra={"unit": "gray levels"},
    )


class Stripes(DatasetSource):
    key: ClassVar[str] = "stripes"
    title: ClassVar[str] = "Stripes"
    summary: ClassVar[str] = "Gray stripes that lie or stand, with noise."
    draws_images: ClassVar[bool] = True

    def index(self, progress: Progress = UNWATCHED) -> SampleIndex:
        classes = chosen_classes(self.settings, CLASSES)
        count = self.settings.limit_per_class or IMAGES_PER_CLASS
        drawing = (self.seed, self._noise)
        samples = tuple(
            Sample(f"stripes/{name}/{number}", label, stamp=repr(drawing))
            for label, name in enumerate(classes)
            for number in range(count)
        )
        digest = hashlib.sha256(repr((drawing, classes, count)).encode()).hexdigest()
        return SampleIndex(classes, samples, fingerprint=digest)

    def values(self, sample: Sample) -> np.ndarray:
        _, name, number = sample.path.split("/")
        random = np.random.default_rng((self.seed, CLASSES.index(name), int(number)))
        wave = 90 * np.sin(np.arange(SIDE) * random.uniform(0.5, 1.5))
        image = 128 + wave[:, None] + random.normal(0, self._noise, (SIDE, SIDE))
        return np.clip(image if name == "lying" else image.T, 0, 255).astype(np.uint8)

    @property
    def _noise(self) -> float:
        return self.settings.own(StripesOptions).noise
