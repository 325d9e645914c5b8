"""What a saved network does to its images before its first layer, and how to scale its input. No TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.contract.errors import DataError
from engine.graph.keras_layers import INERT, NoPlainLayer
from engine.graph.layer_graph import LayerSettings
from engine.weights.keras_configuration import ConfiguredLayer, read_configuration
from engine.weights.stored_weights import read_stored_weights

MOVING = frozenset({"ZeroPadding2D", "Cropping2D", "MaxPooling2D", "AveragePooling2D"})
KINDS = frozenset({"Rescaling", "Normalization"})
MIN_DEVIATION = 1e-7
"""Keras' epsilon."""
MAX_OF_FRACTIONS = 2.0
"""A mean or deviation above this is one of pixels from 0 to 255, and not of fractions."""
OF_BYTES_BELOW = 1 / 8
"""A factor below this makes large values small, so the images are bytes; one above makes use of fractions."""
MAX_OF_BYTES = 700.0
"""A scaling that makes greater values than this to 1 is one of images with more than 8 bits."""
CLOSE = 1e-4


@dataclass(frozen=True)
class Affine:
    """factor · x + offset of what the network is given, one of each or one per channel."""

    factor: np.ndarray
    offset: np.ndarray

    def then(self, factor: np.ndarray, offset: np.ndarray) -> Affine:
        """This, and then factor · x + offset."""
        return Affine(self.factor * factor, self.offset * factor + offset)

    def equals(self, factor: float, offset: float) -> bool:
        """Up to rounding."""
        return bool(
            np.allclose(self.factor, factor, rtol=CLOSE, atol=0) and np.allclose(self.offset, offset, atol=CLOSE)
        )


AS_GIVEN = Affine(np.ones(1), np.zeros(1))


@dataclass(frozen=True)
class InputScaling:
    """The input that a saved network expects."""

    scale: str
    """The `images.scale` that replaces its own scaling; empty if it has none."""
    max_pixel: float
    """Of the pixels that the file takes: 255, or 1 for fractions; 1 too where it says nothing of it."""

    def fed(self, pixels: np.ndarray) -> np.ndarray:
        """From the pixels that the file expects to the input of the network here."""
        share = pixels / self.max_pixel
        return 2 * share - 1 if self.scale == "symmetric" else share

    def of_fed(self, affine: Affine) -> Affine:
        """The same function of what is fed here."""
        if self.scale == "symmetric":  # A pixel is max_pixel · (fed + 1) / 2.
            half = np.asarray([self.max_pixel / 2])
            return Affine(half, half).then(affine.factor, affine.offset)
        return Affine(np.asarray([self.max_pixel]), np.zeros(1)).then(affine.factor, affine.offset)


def input_scaling(path: Path) -> InputScaling:
    """How the network in a file takes its images.

    Raises:
        DataError: it is not a saved Keras model, or scales its images in a way that is not known.
    """
    configuration = read_configuration(path)
    of_images: dict[str, Affine] = {}
    moved: set[str] = set()
    """Layers that only move or choose among the values of the images."""
    first: tuple[str, Affine] | None = None
    ends: list[Affine] = []
    for layer in configuration.layers:
        if layer.kind == "InputLayer":
            of_images[layer.name] = AS_GIVEN
            continue
        source = layer.inputs[0]
        if layer.kind in INERT and source in of_images:
            of_images[layer.name] = of_images[source]
        elif layer.kind in KINDS and source in of_images:
            affine = affine_in(path, layer, 0)
            first = first or (layer.kind, affine)
            of_images[layer.name] = of_images[source].then(affine.factor, affine.offset)
        else:
            if layer.kind in KINDS and source in moved and first is None:
                raise DataError(
                    f'layer "{layer.name}" scales the images after another layer has changed them, so their values '
                    "are unknown; put it first, and save the model again"
                )
            if layer.kind in MOVING and (source in of_images or source in moved):
                moved.add(layer.name)
            ends += [of_images[name] for name in layer.inputs if name in of_images and layer.kind not in KINDS]
    return InputScaling("", 1.0) if first is None else _scaling_of(first, ends)


def affine_in(path: Path, layer: ConfiguredLayer, channels: int) -> Affine:
    """What a layer of `KINDS` does.

    Args:
        channels: of its input; 0: not known, and not checked.
    """

    def stored() -> list[np.ndarray]:
        weights = read_stored_weights(path)
        found = [one for one in weights.layers if one.name == layer.layer]
        return next(weights.arrays(found[:1]), []) if found else []

    affine = _affine_of(layer.kind, layer.name, layer.settings, stored)
    sizes = {len(affine.factor), len(affine.offset)} - {1}
    if len(sizes) > 1 or (channels and not sizes <= {channels}):
        raise NoPlainLayer(f'layer "{layer.name}" scales {sizes} channels of {channels}')
    return affine


def _scaling_of(first: tuple[str, Affine], all_ends: list[Affine]) -> InputScaling:
    """
    Args:
        first: the class of the first layer that scales the images, and what it does.
        all_ends: what the layers that begin to compute take.
    """
    kind, affine = first
    if all_ends and kind == "Rescaling":
        affine = all_ends[0]
    deepest = max(np.abs(affine.offset / affine.factor).max(), np.abs(1 / affine.factor).max())
    if deepest > MAX_OF_BYTES:
        raise DataError(
            f"it scales images whose values go up to some {deepest:,.0f}, but here networks are fed bytes, or "
            f"fractions from 0 to 1; start the model with Rescaling(1/255), or without scaling, and save it again"
            ""
        )
    if kind == "Normalization":
        mean, deviation = -affine.offset / affine.factor, 1 / affine.factor
        of_bytes = max(np.abs(mean).max(), np.abs(deviation).max()) > MAX_OF_FRACTIONS
    else:
        of_bytes = bool(np.abs(affine.factor).max() < OF_BYTES_BELOW)
    max_pixel = 255.0 if of_bytes else 1.0
    symmetric = all(end.equals(2 / max_pixel, -1) for end in all_ends)
    return InputScaling("symmetric" if symmetric else "unit", max_pixel)


def _affine_of(kind: str, name: str, settings: LayerSettings, stored: Callable[[], list[np.ndarray]]) -> Affine:
    """What a layer of `KINDS` does.

    Args:
        stored: the arrays that the file has for it.

    Raises:
        DataError: it does something else, or the file does not have its arrays.
    """
    if kind == "Rescaling":
        factor, offset = (np.atleast_1d(np.asarray(_plain(settings[key]), np.float64)) for key in ("scale", "offset"))
    else:
        factor, offset = _normalization(name, settings, stored)
    if any(one.ndim != 1 for one in (factor, offset)):
        raise DataError(f'layer "{name}" scales images by values of the shape {factor.shape}, and not one per channel')
    return Affine(factor, offset)


def _normalization(
    name: str, settings: LayerSettings, stored: Callable[[], list[np.ndarray]]
) -> tuple[np.ndarray, np.ndarray]:
    axis = settings.get("axis", -1)
    axes = axis if isinstance(axis, list) else [] if axis is None else [axis]
    if any(one not in (-1, 3) for one in axes) or len(axes) > 1:
        raise DataError(f'layer "{name}" normalises along axis {axis}, and not the channels')
    given: list[Any] = [settings.get(key) for key in ("mean", "variance")]
    if any(one is None for one in given):
        arrays = stored()
        if len(arrays) < 2:
            raise DataError(f'layer "{name}" has no mean and variance in the file; call adapt and save the model again')
        given = list(arrays[:2])
    mean, variance = (np.asarray(_plain(one), np.float64).reshape(-1) for one in given)
    deviation = np.maximum(np.sqrt(variance), MIN_DEVIATION)
    if settings.get("invert"):
        return deviation, mean
    return 1 / deviation, -mean / deviation


def _plain(value: object) -> Any:
    """Numbers, which Keras may describe as an array."""
    if isinstance(value, dict):
        return _plain(value.get("value", value.get("config", {}).get("value")))
    return value
