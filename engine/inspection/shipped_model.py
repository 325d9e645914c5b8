"""A `.tflite` that ships, opened with what it says of itself: how an image is fed, and what its answers mean."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import DataError, NutshellError
from engine.datasets.files.image_file import read_image
from engine.datasets.files.value_range import ValueRange, pixels_of
from engine.datasets.listing.labelled_files import LabelledFiles
from engine.datasets.source import DATASETS, DatasetSource, Sample
from engine.export.feeding_description import FEEDING_FILE, Feeding
from engine.imaging.normalisation import normalise
from engine.measurement.accuracy import both_classes
from engine.measurement.tflite_file import TfliteFile

WIDENING = 257
"""255 · 257 = 65535."""
SLICES = "Slices: "
"""How a reading says which way volumes were cut."""


class UnsaidFeeding(DataError):
    """A `.tflite` that runs, but says nothing of how an image is fed to it."""


@dataclass(frozen=True)
class ShippedModel:
    """One file, its description, and the way of an image into it."""

    path: Path
    content: bytes = field(repr=False)
    feeding: Feeding
    """As the file carries it, or as the JSON beside it says, or as the user said."""

    @classmethod
    def open(cls, path: Path, feeding: Feeding | None = None) -> ShippedModel:
        """
        Args:
            feeding: for a file that says nothing of itself.

        Raises:
            NutshellError: the file cannot be read or is no `.tflite`.
            UnsaidFeeding: it says nothing of how it is fed, and nor does a JSON file beside it.
            DataError: what is said cannot be understood.
        """
        try:
            content = path.read_bytes()
        except OSError as error:
            raise DataError(f"{path} cannot be read ({error.strerror}); check that it is there.") from None
        TfliteFile.parse(content, path.name)
        said = feeding or carried_feeding(content, path)
        if said is None:
            raise UnsaidFeeding(
                f"{path.name} does not say how an image is fed to it, and there is no {path.with_suffix('.json').name} "
                "beside it. Keep the JSON file that came with the model beside it."
            )
        return cls(path, content, said)

    @property
    def classes(self) -> tuple[str, ...]:
        return self.feeding.classes

    @cached_property
    def file(self) -> TfliteFile:
        """What lies in it."""
        return TfliteFile.parse(self.content, self.path.name)

    def decoded(self, image: Path) -> np.ndarray:
        """An image file's pixels as this model's training images were read: (height, width[, 3]), uint8 or uint16.

        Raises:
            OSError, ValueError: it cannot be read; the message says why.
        """
        source = self.feeding.reading.source
        if issubclass(DATASETS[source], LabelledFiles):
            return self._source(source, image.parent).decode(Sample(str(image), 0))
        return pixels_of(read_image(image), self._value_range)

    def images_in(self, file: Path) -> tuple[str, ...]:
        """The images of a file as `decoded` takes them: of several in one file the first, or "file#1" and so on.

        Raises:
            OSError: it holds none that this model can be fed; the message says why.
        """
        source = self.feeding.reading.source
        listing = self._source(source if issubclass(DATASETS[source], LabelledFiles) else "image_folder", file.parent)
        assert isinstance(listing, LabelledFiles)
        return listing.images_in(file)

    def fed(self, pixels: np.ndarray) -> np.ndarray:
        """Decoded pixels as the network's input, float32 (height, width, channels).

        An image of another depth than all training images is put on their scale: white stays white.
        """
        shaped, _ = normalise(pixels, self.feeding.images)
        depths = self.feeding.reading.depths
        if not self.feeding.images.jpeg_quality:
            if shaped.dtype == np.uint8 and 16 in depths:
                shaped = shaped.astype(np.uint16) * WIDENING
            elif shaped.dtype == np.uint16 and 16 not in depths:
                shaped = np.rint(shaped / WIDENING).astype(np.uint8)
        return self.feeding.pipeline().feed(shaped[None])[0]

    def as_probabilities(self, output: np.ndarray) -> np.ndarray:
        """The output as one probability per class, float32 (classes,): a sigmoid's two add up to 1."""
        return both_classes(output[None])[0]

    @property
    def _value_range(self) -> ValueRange | None:
        reading = self.feeding.reading
        return ValueRange(*reading.value_range, reading.value_range_of == "all") if reading.value_range else None

    def _source(self, key: str, folder: Path) -> DatasetSource:
        settings = DatasetSettings.model_validate({"kind": key, "path": str(folder), "axis": self._axis})
        return DATASETS[key](settings, 0, folder, self._value_range)

    @property
    def _axis(self) -> Any:
        """Of the slices of volumes; its reading says it in its first sentence."""
        said = (step for step in self.feeding.reading.steps if step.startswith(SLICES))
        return next((step.removeprefix(SLICES).rstrip(".") for step in said), "stored")


def carried_feeding(content: bytes, path: Path) -> Feeding | None:
    """How the file says that it is fed: in the archive at its end, else in the JSON beside it; None: nowhere.

    Raises:
        DataError: what is said there cannot be understood.
    """
    text = _inside(content)
    beside = path.with_suffix(".json")
    if text is None and beside.is_file():
        text = beside.read_bytes()
    if text is None:
        return None
    try:
        return Feeding.model_validate_json(text)
    except (ValidationError, NutshellError):
        raise DataError(
            f"What {path.name} says of how it is fed cannot be understood; it may come from a newer version."
        ) from None


def _inside(content: bytes) -> bytes | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.read(FEEDING_FILE)
    except (zipfile.BadZipFile, KeyError):
        return None
