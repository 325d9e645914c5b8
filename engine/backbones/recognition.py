"""Whose network a weights file is of, and how wide. No TensorFlow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from engine.backbones.backbone import BACKBONES, PUBLISHED_INPUT, layer_graph
from engine.contract.backbone_settings import MAX_WIDTH, BackboneSettings
from engine.contract.errors import NutshellError
from engine.weights.matching import match_weights, named_layers
from engine.weights.stored_weights import StoredWeights, file_states, read_stored_weights

ANY_CLASSES = 1000
CACHED_FILES = 64
MAX_WIDTHS = 4
"""That are tried per backbone."""
DIGITS = (2, 4)
"""Of a width: what people write, and then what filters that are whole numbers give."""


@dataclass(frozen=True)
class Recognised:
    """A backbone of which a file has every layer of the base."""

    kind: str
    width: float


def backbones_of_file(path: Path) -> tuple[str, ...]:
    """The backbones of which the file has every layer of the base, at full width and with default options.

    Empty where it is no weights file, or keeps no names of layers.
    """
    return _backbones_of_file(path, 1.0, file_states(path))


def recognised(path: Path, width: float) -> Recognised | None:
    """The first backbone of which the file has every layer of the base: at `width`, else at any width.

    None where it is no weights file, or keeps no names of layers.
    """
    return _recognised(path, width, file_states(path))


def width_of_file(settings: BackboneSettings) -> float | None:
    """The width at which the settings' backbone has all layers of its weights file, which may differ from the
    settings' width; None if there is none.

    The first layer may be another, as where the images have other channels.
    """
    path = Path(settings.weights).expanduser()
    return _width_of_file(settings, path, file_states(path))


@lru_cache(maxsize=CACHED_FILES)
def _backbones_of_file(path: Path, width: float, states: Hashable) -> tuple[str, ...]:
    if _named(path) is None:
        return ()
    return tuple(key for key in BACKBONES if _lacks(BackboneSettings(kind=key, width=width, weights=str(path))) == 0)


@lru_cache(maxsize=CACHED_FILES)
def _recognised(path: Path, width: float, states: Hashable) -> Recognised | None:
    for one in dict.fromkeys((width, 1.0)):
        if kinds := _backbones_of_file(path, one, states):
            return Recognised(kinds[0], one)
    for key in BACKBONES:
        settings = BackboneSettings(kind=key, weights=str(path))
        if _named(path) is not None and (found := _width_of_file(settings, path, states)) is not None:
            return Recognised(key, found)
    return None


@lru_cache(maxsize=CACHED_FILES)
def _width_of_file(settings: BackboneSettings, path: Path, states: Hashable) -> float | None:
    stored = _named(path)
    # Without names nothing tells how wide the file's network is, and the usual files are of full width.
    widths = [1.0] if stored is None else _widths(settings, stored)
    lacks = {width: _lacks(settings.model_copy(update={"width": width})) for width in widths}
    return next((width for width, lacking in lacks.items() if lacking is not None and lacking <= 1), None)


def _named(path: Path) -> StoredWeights | None:
    """The file's layers, if it is a weights file that keeps their names."""
    try:
        stored = read_stored_weights(path)
    except NutshellError:
        return None
    return stored if stored.has_names else None


def _widths(settings: BackboneSettings, stored: StoredWeights) -> list[float]:
    """By the filters of the file's convolutions, the one that most of them speak for first."""
    try:
        graph = layer_graph(settings.model_copy(update={"width": 1.0}), PUBLISHED_INPUT, ANY_CLASSES)
    except NutshellError:
        return []
    theirs = named_layers(graph, stored)
    filters = {layer.name: layer.shape[-1] for layer in graph.layers if layer.kind == "Conv2D"}
    ratios = [layer.shapes[0][-1] / filters[name] for name, layer in theirs.items() if name in filters]
    counted = Counter(round(ratio, digits) for digits in DIGITS for ratio in ratios)
    return [width for width, _ in counted.most_common(MAX_WIDTHS) if 0 < width <= MAX_WIDTH]


def _lacks(settings: BackboneSettings) -> int | None:
    """How many layers of the base the settings' weights file does not have; None if it is of another network."""
    try:
        graph = layer_graph(settings, PUBLISHED_INPUT, ANY_CLASSES)
        match = match_weights(graph, read_stored_weights(Path(settings.weights).expanduser()))
    except NutshellError:
        return None
    return match.base_layers - match.base_taken
