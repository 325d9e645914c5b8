"""How to feed a `.tflite` that does not say it: in a few words of the user's, or in a JSON file."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.contract.errors import DataError, NutshellError
from engine.contract.image_settings import ImageSettings
from engine.contract.plain_faults import plain_fault
from engine.export.feeding_description import Feeding
from engine.feeding.pipeline import ImagePipeline
from engine.measurement.tflite_file import TfliteFile
from engine.store.kept_format import FEEDING_FORMAT, refuse_newer

EXAMPLE = '{"classes": ["benign", "malignant"], "images": {"size": 96, "color": "rgb", "scale": "unit"}}'


class SaidFeeding(BaseModel):
    """What has to be known; all else is read from the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    classes: tuple[str, ...] = Field(min_length=2)
    """In the order of the output's values."""
    images: ImageSettings
    largest_value: int = Field(255, ge=1)
    """What a white pixel of eight bits is divided by before the scale is applied; 1: it is fed as 255."""
    mean: tuple[float, ...] = ()
    """A channel, of the scaled input; with `deviation`."""
    deviation: tuple[float, ...] = ()

    def feeding(self, file: TfliteFile) -> Feeding:
        """The same in full, for this file."""
        pipeline = ImagePipeline(self.images, self.largest_value, self.mean, self.deviation)
        return Feeding.of(pipeline, self.classes, file)


def read_feeding(path: Path, file: TfliteFile) -> Feeding:
    """How a file is fed, from the JSON that came with it or one in a few words.

    Raises:
        DataError: it cannot be read or understood.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}); check that it is there.") from None
    return understood_feeding(text, file, str(path))


def understood_feeding(text: bytes | str, file: TfliteFile, name: str) -> Feeding:
    """The same of such a JSON text; `name` is what errors call it.

    Raises:
        DataError: it cannot be understood.
    """
    _refuse_later(text, name)
    try:
        return Feeding.model_validate_json(text)
    except (ValidationError, NutshellError):
        pass
    try:
        return SaidFeeding.model_validate_json(text).feeding(file)
    except (ValidationError, NutshellError) as error:
        raise DataError(
            f"{name} does not say how to feed a model{_where(error)}; it can be the JSON file that came with one, or "
            f"such as {EXAMPLE}."
        ) from None


def _refuse_later(text: bytes | str, name: str) -> None:
    """Raises: DataError: a later version has written the description."""
    try:
        document = json.loads(text)
    except ValueError:
        return
    version = document.get("format") if isinstance(document, dict) else None
    if isinstance(version, int):
        refuse_newer(FEEDING_FORMAT, version, Path(name))


def _where(error: Exception) -> str:
    """The first fault of a document that is nearly right."""
    if not isinstance(error, ValidationError) or not error.errors()[0]["loc"]:
        return ""
    first = error.errors()[0]
    fault = "there is no such key" if first["type"] == "extra_forbidden" else plain_fault(first)
    return f" ({'.'.join(map(str, first['loc']))}: {fault})"
