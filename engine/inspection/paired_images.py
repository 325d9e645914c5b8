"""Images of a run, or of the user's own, as the run's files are fed them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.contract.errors import DataError, NutshellError
from engine.inspection.run_images import RunImages
from engine.inspection.run_models import InspectedRun, RunImage
from engine.inspection.shipped_model import ShippedModel


@dataclass(frozen=True)
class FedImage:
    """One image as two files are fed it."""

    path: str
    baseline: np.ndarray
    """float32 (height, width, channels)."""
    other: np.ndarray


class PairedImages:
    """Reads images by their path in the run's split table, or any image file."""

    def __init__(self, run: InspectedRun) -> None:
        """
        Raises:
            NutshellError: the run's recipe cannot be read.
        """
        self._of_run = RunImages.of(run.directory, seed=run.seed)
        self._listed = frozenset(image.path for image in (*run.test_images, *run.training_images))

    def decoded(self, path: str, model: ShippedModel) -> np.ndarray:
        """Its pixels, uint8 or uint16 (height, width[, 3]).

        Args:
            path: as the split table has it, or an image file.

        Raises:
            DataError: it cannot be read; the sentence says why.
        """
        if path in self._listed:
            # The file says on which scale the run put the pixels.
            if self._of_run.reading != model.feeding.reading:
                self._of_run = replace(self._of_run, reading=model.feeding.reading)
            return self._of_run.decoded(path)
        try:
            return model.decoded(Path(path).expanduser())
        except NutshellError:
            raise
        except (OSError, ValueError, LookupError, MemoryError) as error:
            reason = (error.strerror if isinstance(error, OSError) else "") or str(error) or type(error).__name__
            raise DataError(f"{path} cannot be read as an image ({reason}); choose another.") from None

    def fed(self, path: str, model: ShippedModel) -> np.ndarray:
        """The image as the model is fed it, float32 (height, width, channels).

        Raises:
            DataError: as `decoded`.
        """
        return model.fed(self.decoded(path, model))

    def pair(self, path: str, baseline: ShippedModel, other: ShippedModel) -> FedImage:
        """The image as both files are fed it.

        Raises:
            DataError: as `decoded`.
        """
        pixels = self.decoded(path, baseline)
        first = baseline.fed(pixels)
        same = baseline.feeding.pipeline() == other.feeding.pipeline()
        return FedImage(path, first, first if same else other.fed(pixels))

    def pairs(self, images: Sequence[RunImage], baseline: ShippedModel, other: ShippedModel) -> Iterator[FedImage]:
        """Each image as both files are fed it, one at a time."""
        return (self.pair(image.path, baseline, other) for image in images)


def spread_out(images: Sequence[RunImage], most: int) -> tuple[RunImage, ...]:
    """At most so many of the images, evenly from first to last, so that each class has its share."""
    if len(images) <= most:
        return tuple(images)
    return tuple(images[place] for place in np.linspace(0, len(images) - 1, most).round().astype(int))
