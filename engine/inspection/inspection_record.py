"""What looking inside a run's files found, as `inspection.json` has it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.inspection.activation_map import Method
from engine.inspection.byte_layout import PartKind


class Found(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InspectedImage(Found):
    path: str
    label: str | None
    """Its class, where it is one of the run's test images."""


class InspectedLayer(Found):
    """A layer of the compressed file, beside the same one of its baseline."""

    number: int
    """Among the baseline's layers with weights, from 1."""
    name: str
    kind: str
    """Such as "CONV_2D"."""
    kernel_shape: tuple[int, ...]
    """As the compressed file stores it."""
    weight_dtype: str
    activation: str
    weight_sqnr_db: float | None
    """None where nothing differs (`weights_equal`), or where the shapes do (`comparable`)."""
    output_sqnr_db: float | None
    """Likewise, over the test images of `error_images`."""
    comparable: bool
    weights_equal: bool
    outputs_equal: bool


class InspectedBytes(Found):
    name: str
    kind: PartKind
    raw_bytes: int
    zipped_bytes: int


class InspectedMaps(Found):
    """Activation maps of the chosen image, both of the class that the baseline decides for."""

    method: Method
    class_name: str
    baseline: tuple[tuple[float, ...], ...]
    """Rows of the last map."""
    other: tuple[tuple[float, ...], ...]
    distance: float | None
    """Total variation distance of their evidence, 0 to 1; None where a map holds none."""


class InspectedMove(Found):
    path: str
    class_name: str
    """That both files decide for."""
    distance: float


class InspectedMoves(Found):
    """How far activation maps moved, over test images."""

    images: int
    """How many were compared."""
    changed: int
    """Of them, those that the compressed file decides otherwise than the baseline."""
    without_map: int
    """Of the others, those where a map holds no evidence for the class."""
    mean_distance: float | None
    farthest: tuple[InspectedMove, ...]
    """Of images whose class stayed."""


class InspectedVariant(Found):
    name: str
    file: str
    """Relative to the run's folder."""
    baseline: str
    classes: tuple[str, ...]
    decision: str
    """For the chosen image."""
    probabilities: tuple[float, ...]
    baseline_decision: str
    baseline_probabilities: tuple[float, ...]
    matched_by: Literal["order", "name"]
    unmatched: tuple[str, ...]
    """Layers of either file without a counterpart."""
    layers: tuple[InspectedLayer, ...]
    """In the baseline's order."""
    worst_first: tuple[int, ...]
    """Numbers of the layers, by their output's SQNR."""
    error_images: int
    model_bytes: int
    zipped_bytes: int
    bytes: tuple[InspectedBytes, ...]
    """They add up to `model_bytes` and `zipped_bytes`."""
    activation_maps: InspectedMaps | None
    moved_maps: InspectedMoves | None
    notes: tuple[str, ...]
    """What could not be shown, and why."""


class Inspection(Found):
    schema_version: Literal[1] = Field(1, alias="schema")
    run: str
    directory: str
    image: InspectedImage
    variants: tuple[InspectedVariant, ...]
    figures: tuple[str, ...] = ()
    """File names, without their ending: each is there as .png and .svg."""
    notes: tuple[str, ...] = ()

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
