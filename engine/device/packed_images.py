"""The test images of a bundle, as its files are fed them: from where they came, else as the run kept them decoded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.contract.errors import DataError, NutshellError
from engine.contract.progress import Progress
from engine.inspection.run_images import RunImages
from engine.inspection.run_models import RunImage, RunModel
from engine.inspection.shipped_model import ShippedModel
from engine.verification.cached_images import CachedRows, cached_rows
from engine.verification.finished_run import FinishedRun, printed_images
from engine.verification.image_sets import shaping_settings


def chosen_images(images: tuple[RunImage, ...], count: int) -> tuple[RunImage, ...]:
    """So many, evenly over all, so that every class has its share; all where there are fewer."""
    if count >= len(images):
        return images
    return tuple(images[place] for place in np.linspace(0, len(images) - 1, count).round().astype(int))


@dataclass
class PackedImages:
    """Writes what one or more files of a run are fed alike."""

    directory: Path
    """Of the run."""
    entry: RunModel
    model: ShippedModel
    images: tuple[RunImage, ...]

    def labels(self) -> tuple[int, ...]:
        """The place of each image's class.

        Raises:
            DataError: the file does not know a class.
        """
        places = {name: place for place, name in enumerate(self.model.classes)}
        unknown = {image.label for image in self.images} - set(places)
        if unknown:
            raise DataError(
                f'Some test images are of the class "{min(unknown)}", which {self.entry.name} does not know; run the '
                "recipe again."
            )
        return tuple(places[image.label] for image in self.images)

    def write(self, file: Path, progress: Progress) -> None:
        """As an .npy file: float32 (images, height, width, channels).

        Raises:
            DataError: an image can be had no more.
            Cancelled: out of the progress.
        """
        source = RunImages.of(self.directory, self.entry.dataset, self.entry.file, self.entry.seed)
        shape = (len(self.images), *self.model.feeding.input.shape[1:])
        array = np.lib.format.open_memmap(file, mode="w+", dtype=np.float32, shape=shape)
        kept: CachedRows | None = None
        for place, image in enumerate(self.images):
            progress.report(place, len(self.images))
            if kept is None:
                try:
                    array[place] = self.model.fed(source.decoded(image.path))
                    continue
                except (DataError, OSError, ValueError) as error:
                    kept = self._kept(source.cache)
                    if kept is None:
                        raise DataError(f"A test image cannot be packed. {error}") from None
            array[place] = self._fed_from(kept, image)
        progress.report(len(self.images), len(self.images))
        array.flush()

    def _fed_from(self, kept: CachedRows, image: RunImage) -> np.ndarray:
        if image.path not in kept.row_of:
            raise DataError(f"{image.path} is not there any more, and the run kept no copy of it; put it back.")
        pixels = kept.images[kept.row_of[image.path]]
        if self.model.feeding.largest_value > np.iinfo(np.uint8).max and pixels.dtype == np.uint8:
            pixels = pixels.astype(np.uint16) * np.uint16(257)
        return self.model.feeding.pipeline().feed(pixels[None])[0]

    def _kept(self, cache: Path) -> CachedRows | None:
        """The decoded images of the run, where it finished and they are still there."""
        try:
            run = FinishedRun.open(str(self.directory), self.directory.parent.parent)
        except NutshellError:
            return None
        variant = next((one for one in run.result.variants if one.name == self.entry.name), None)
        if variant is None:
            return None
        split = run.images_in(run.split_of(variant))
        return cached_rows(cache, shaping_settings(self.model), split, printed_images(run.result, variant))
