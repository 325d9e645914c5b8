"""How to feed a shipped `.tflite`, written as JSON beside it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from engine.contract.recipe import ImageSettings


class Preprocessing(BaseModel):
    """From an image file to the network's input, and from its output to a class."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    images: ImageSettings
    largest_value: int
    """Of a pixel: 255, or 65535 for 16-bit images; scale "unit" divides by it."""
    mean: tuple[float, ...] = ()
    """A channel, of the network's input; for scale "standardize"."""
    deviation: tuple[float, ...] = ()
    classes: tuple[str, ...]
    input_shape: tuple[int, int, int]
    """(height, width, channels)."""
    output: str = "probabilities of the classes; a single value is the probability of the second class"
