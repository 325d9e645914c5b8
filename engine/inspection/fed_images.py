"""A run's images, decoded as the run decoded them and fed as one of its files is fed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from engine.contract.errors import DataError
from engine.contract.pixel_reading import PixelReading
from engine.datasets.files.value_range import ValueRange
from engine.datasets.source import DATASETS, DatasetSource, Sample
from engine.inspection.moved_maps import FedImage
from engine.inspection.run_models import InspectedRun, RunImage
from engine.inspection.shipped_model import ShippedModel
from engine.store.locations import Locations


class RunImages:
    """Reads images by their path in the run's split table, or any image file."""

    def __init__(self, run: InspectedRun) -> None:
        self._run = run
        self._listed = frozenset(image.path for image in run.test_images)
        self._sources: dict[PixelReading, DatasetSource] = {}

    def decoded(self, path: str, model: ShippedModel) -> np.ndarray:
        """Its pixels, uint8 or uint16 (height, width[, 3]).

        Args:
            path: as the split table has it, or an image file.

        Raises:
            DataError: it cannot be read; the sentence says why.
        """
        try:
            if path in self._listed:
                return self._source(model.feeding.reading).decode(Sample(path, 0))
            return model.decoded(Path(path).expanduser())
        except (OSError, ValueError, LookupError) as error:
            reason = (error.strerror if isinstance(error, OSError) else "") or str(error) or type(error).__name__
            raise DataError(f"{path} cannot be read as an image ({reason}); choose another.") from None

    def fed(self, path: str, model: ShippedModel) -> np.ndarray:
        """The image as the model is fed it, float32 (height, width, channels).

        Raises:
            DataError: as `decoded`.
        """
        return model.fed(self.decoded(path, model))

    def pairs(self, images: Sequence[RunImage], baseline: ShippedModel, other: ShippedModel) -> Iterator[FedImage]:
        """Each image as both files are fed it, one at a time."""
        same = baseline.feeding.pipeline() == other.feeding.pipeline()
        for image in images:
            pixels = self.decoded(image.path, baseline)
            first = baseline.fed(pixels)
            yield FedImage(image.path, first, first if same else other.fed(pixels))

    def _source(self, reading: PixelReading) -> DatasetSource:
        if reading not in self._sources:
            found = ValueRange(*reading.value_range, reading.value_range_of == "all") if reading.value_range else None
            recipe, folder = self._run.recipe, self._run.directory
            # Archives lie unpacked in the runs directory that the run's own folder is in.
            cache = Locations(folder.parents[1]).image_cache
            self._sources[reading] = DATASETS[recipe.dataset.kind](recipe.dataset, recipe.seed, cache, found)
        return self._sources[reading]


def spread_out(images: Sequence[RunImage], most: int) -> tuple[RunImage, ...]:
    """At most so many of the images, evenly from first to last, so that each class has its share."""
    if len(images) <= most:
        return tuple(images)
    return tuple(images[place] for place in np.linspace(0, len(images) - 1, most).round().astype(int))
