"""Reads which layers a saved Keras model has, from its JSON. Nothing of the file is run. No TensorFlow.

A model saved by Keras may hold code: Lambda layers are Python bytecode, which Keras runs as it loads. Here a file is
data: its configuration names classes and settings, and whoever builds a network from it chooses which to take.
"""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.contract.errors import DataError
from engine.weights.saved_model import LAYERS_FILE, saved_model_document, saved_model_folder
from engine.weights.snake_case import snake_case
from engine.weights.unreadable import UNREADABLE, reason_in_a_line

CACHED_FILES = 16
GIVE_MODEL = "give a .keras or .h5 file, or a SavedModel"
MODELS = frozenset({"Functional", "Model", "Sequential"})


@dataclass(frozen=True)
class ConfiguredLayer:
    """One layer as the file describes it; a model that is used as a layer stands as its own layers."""

    name: str
    kind: str
    """The class's name."""
    settings: dict[str, Any]
    inputs: tuple[str, ...]
    stored_as: str
    """Its group in a weights file that goes by class and number, such as "functional/conv2d_1"."""


def read_configuration(path: Path) -> tuple[ConfiguredLayer, ...]:
    """The layers of a saved model, in Keras' order; the last is not always the output.

    Raises:
        DataError: it is no saved model of Keras, or its layers are not one chain of tensors from one input.
    """
    try:
        written_ns = _source(path).stat().st_mtime_ns
    except OSError as error:
        raise DataError(f"The model file {path} cannot be read ({error.strerror}); check the path.") from None
    try:
        return _read(path, written_ns)
    except UNREADABLE as error:
        reason = reason_in_a_line(error)
        raise DataError(f"{path} is no saved model of Keras ({reason}); {GIVE_MODEL}.") from None


@lru_cache(maxsize=CACHED_FILES)
def _read(path: Path, mtime_ns: int) -> tuple[ConfiguredLayer, ...]:
    """The time tells a file that was written anew from the one that was read."""
    document = _document(path)
    layers = tuple(_layers(document, None, ""))
    names = Counter(layer.name for layer in layers)
    if twice := next((name for name, count in names.items() if count > 1), ""):
        raise DataError(f'{path} has two layers called "{twice}"; give each its own name, and save it anew.')
    return layers


def _source(path: Path) -> Path:
    """What the layers are read from, and what tells whether they were written anew."""
    folder = saved_model_folder(path)
    described = folder / LAYERS_FILE if folder else path
    return described if described.exists() else path


def _document(path: Path) -> Any:
    if (folder := saved_model_folder(path)) is not None:
        return saved_model_document(folder)
    if path.is_dir():
        raise DataError(f"{path} is a folder, and no SavedModel; {GIVE_MODEL}.")
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read("config.json"))
    import h5py

    with h5py.File(path, "r") as file:
        if "model_config" not in file.attrs:
            raise DataError(
                f"{path} holds weights without the layers that they belong to; choose the backbone that they are of, "
                "or save the whole model as a .keras file."
            )
        return json.loads(file.attrs["model_config"])


def _layers(model: dict[str, Any], fed: tuple[str, ...] | None, group: str) -> Iterator[ConfiguredLayer]:
    """The layers of a model.

    Args:
        fed: what the model is fed where it is a layer of another; None for the outermost.
        group: the model's own, with a slash after it.
    """
    numbers: Counter[str] = Counter()
    stands_for: dict[str, tuple[str, ...]] = {}
    before: tuple[str, ...] = fed or ()
    for layer in model["config"]["layers"]:
        kind, settings = layer["class_name"], layer["config"]
        name = layer.get("name") or settings["name"]
        snake = snake_case(kind)
        stored_as = f"{group}{snake}_{numbers[snake]}" if numbers[snake] else f"{group}{snake}"
        numbers[snake] += 1
        sources = before if model["class_name"] == "Sequential" else _sources(layer, name)
        inputs = tuple(source for one in sources for source in stands_for.get(one, (one,)))
        if kind in MODELS:
            inner = list(_layers(layer, inputs, f"{stored_as}/layers/"))
            yield from inner
            stands_for[name] = (_output(layer, inner),)
        elif kind == "InputLayer" and fed is not None:
            stands_for[name] = fed
        else:
            yield ConfiguredLayer(name, kind, settings, inputs, stored_as)
        before = stands_for.get(name, (name,))


def _sources(layer: dict[str, Any], name: str) -> tuple[str, ...]:
    """The names of the layers that feed a layer, as Keras 2 or Keras 3 writes them."""
    nodes = layer.get("inbound_nodes") or []
    if len(nodes) > 1:
        raise DataError(f'Layer "{name}" is used {len(nodes)} times; shared layers cannot be compressed.')
    return tuple(_names_in(nodes))


def _names_in(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if node.get("class_name") == "__keras_tensor__":
            yield node["config"]["keras_history"][0]
        else:
            for value in node.values():
                yield from _names_in(value)
    elif isinstance(node, list):
        # Keras 2 writes a tensor as [layer, node, tensor, arguments].
        if len(node) >= 3 and isinstance(node[0], str) and isinstance(node[1], int):
            yield node[0]
        else:
            for value in node:
                yield from _names_in(value)


def _output(model: dict[str, Any], layers: list[ConfiguredLayer]) -> str:
    if model["class_name"] == "Sequential":
        return layers[-1].name
    (output, *more) = model["config"]["output_layers"]
    name = output if isinstance(output, str) else output[0]
    if more and not isinstance(more[0], int):
        raise DataError(f'"{model["config"]["name"]}" has several outputs; a classifier has one.')
    return str(name)
