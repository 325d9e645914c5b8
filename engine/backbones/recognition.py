"""Whose network a weights file is of. No TensorFlow."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from pathlib import Path

from engine.backbones.backbone import BACKBONES, PUBLISHED_INPUT, layer_graph
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.errors import NutshellError
from engine.weights.matching import match_weights
from engine.weights.stored_weights import file_states, read_stored_weights

ANY_CLASSES = 1000
CACHED_FILES = 16


def backbones_of_file(path: Path) -> tuple[str, ...]:
    """The backbones of which the file has every layer of the base, at full width and with default options.

    Empty where it is no weights file, or keeps no names of layers.
    """
    return _backbones_of_file(path, file_states(path))


@lru_cache(maxsize=CACHED_FILES)
def _backbones_of_file(path: Path, states: Hashable) -> tuple[str, ...]:
    return tuple(key for key in BACKBONES if _fits(BackboneSettings(kind=key, weights=str(path)), path))


def _fits(settings: BackboneSettings, path: Path) -> bool:
    try:
        stored = read_stored_weights(path)
        match = match_weights(layer_graph(settings, PUBLISHED_INPUT, ANY_CLASSES), stored)
    except NutshellError:
        return False
    return stored.has_names and not match.is_partial
