"""Reads what a Keras weights file holds, in every layout that Keras has written. No TensorFlow, and nothing is run.

Layouts: HDF5 with layer names (`.h5` of Keras 1 and 2, whole models too), HDF5 by class and number (`.weights.h5`), and
the latter in a ZIP with the layers' configuration (`.keras`).
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.contract.errors import DataError
from engine.weights.keras_configuration import read_configuration

Shape = tuple[int, ...]
CACHED_FILES = 64


@dataclass(frozen=True)
class StoredLayer:
    """One layer of the file that has weights."""

    name: str
    """Empty where the file keeps no names."""
    kind: str
    """The class in snake case, such as "conv2d"; empty where the file does not say."""
    places: tuple[str, ...]
    """Of its arrays in the HDF5 file."""
    shapes: tuple[Shape, ...]


@dataclass(frozen=True)
class StoredWeights:
    """A weights file: its layers with their shapes; the numbers are read on demand."""

    path: Path
    layers: tuple[StoredLayer, ...]
    """In the network's order, at least among layers of one kind."""

    @property
    def has_names(self) -> bool:
        return any(layer.name for layer in self.layers)

    def arrays(self, layers: list[StoredLayer]) -> Iterator[list[np.ndarray]]:
        """The arrays of each of the layers, float32, in the order in which Keras sets them."""
        with _hdf5(self.path) as file:
            for layer in layers:
                yield [np.asarray(file[place], dtype=np.float32) for place in layer.places]


def read_stored_weights(path: Path) -> StoredWeights:
    """The layers of a weights file.

    Raises:
        DataError: it cannot be read, or is no weights file of Keras.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise DataError(f"The weights file {path} cannot be read ({error.strerror}); check the path.") from None
    return _read(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=CACHED_FILES)
def _read(path: Path, mtime_ns: int, size: int) -> StoredWeights:
    """Time and size tell a file that was written anew from the one that was read."""
    if path.is_dir():
        raise DataError(
            f"{path} is a folder, and weights are read from a file; give a .h5, .weights.h5 or .keras file."
        )
    try:
        with _hdf5(path) as file:
            layers = tuple(_layers(path, file))
    except (OSError, KeyError, ValueError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(
            f"{path} is no weights file of Keras ({reason}); give a .h5, .weights.h5 or .keras file."
        ) from None
    if not layers:
        raise DataError(f"{path} holds no layer with weights; give a .h5, .weights.h5 or .keras file of Keras.")
    return StoredWeights(path, layers)


@contextmanager
def _hdf5(path: Path) -> Iterator[Any]:
    import h5py

    with ExitStack() as open_things:
        if zipfile.is_zipfile(path):
            archive = open_things.enter_context(zipfile.ZipFile(path))
            yield open_things.enter_context(h5py.File(open_things.enter_context(archive.open("model.weights.h5")), "r"))
        else:
            yield open_things.enter_context(h5py.File(path, "r"))


def _layers(path: Path, file: Any) -> Iterator[StoredLayer]:
    root = file.get("model_weights", file)
    if "layers" in root and "layer_names" not in root.attrs and "layer_names0" not in root.attrs:
        names = {layer.stored_as: layer.name for layer in read_configuration(path)} if zipfile.is_zipfile(path) else {}
        yield from _numbered_layers(root["layers"], names, "")
    else:
        for name in _texts(root, "layer_names"):
            yield from _named_layers(root[name], name)


def _named_layers(group: Any, name: str) -> Iterator[StoredLayer]:
    """The layer, or those of a network that is used as a layer."""
    parts: dict[str, list[str]] = {}
    for weight in _texts(group, "weight_names"):
        parts.setdefault(weight.rpartition("/")[0], []).append(weight)
    for part, weights in parts.items():
        places = tuple(f"{group.name}/{weight}" for weight in weights)
        shapes = tuple(group[weight].shape for weight in weights)
        yield StoredLayer(name if len(parts) == 1 else part, "", places, shapes)


def _numbered_layers(group: Any, names: dict[str, str], within: str) -> Iterator[StoredLayer]:
    """Layers that are called after their class, and numbered within it.

    Args:
        within: the path from the outermost layers to `group`, with a slash after it.
    """
    for key in sorted(group, key=_kind_and_number):
        layer = group[key]
        if "layers" in layer:
            yield from _numbered_layers(layer["layers"], names, f"{within}{key}/layers/")
        elif "vars" in layer and len(layer["vars"]):
            variables = [layer["vars"][number] for number in sorted(layer["vars"], key=int)]
            name = names.get(f"{within}{key}", layer["vars"].attrs.get("name", ""))
            yield StoredLayer(
                str(name),
                _kind_and_number(key)[0],
                tuple(variable.name for variable in variables),
                tuple(variable.shape for variable in variables),
            )


def _kind_and_number(key: str) -> tuple[str, int]:
    kind, _, number = key.rpartition("_")
    return (kind, int(number)) if kind and number.isdigit() else (key, 0)


def _texts(group: Any, name: str) -> list[str]:
    """An attribute of texts, which Keras cuts into numbered parts where it is long."""
    parts = [group.attrs[name]] if name in group.attrs else []
    while f"{name}{len(parts)}" in group.attrs:
        parts.append(group.attrs[f"{name}{len(parts)}"])
    return [text.decode() if isinstance(text, bytes) else str(text) for part in parts for text in part]
