"""Reads the weights in Keras' HDF5 files. No TensorFlow, and nothing is run.

Layouts: with layer names (`.h5` of Keras 1 and 2, whole models too), by class and number (`.weights.h5`), and the
latter in a ZIP with the layers' configuration (`.keras`).
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.weights.keras_configuration import read_configuration
from engine.weights.stored_layer import StoredLayer
from engine.weights.unreadable import CUT_SHORT, EMPTY

if TYPE_CHECKING:
    import h5py

ARCHIVED = "model.weights.h5"
"""In a `.keras` file."""
ARCHIVE = b"PK\x03\x04"


def hdf5_layers(path: Path) -> tuple[StoredLayer, ...]:
    """The layers that have weights."""
    with _hdf5(path) as file:
        return tuple(_layers(path, file))


@contextmanager
def hdf5_arrays(path: Path) -> Iterator[Callable[[str], np.ndarray]]:
    """Reads the array at a place of the file, float32."""
    with _hdf5(path) as file:
        yield lambda place: np.asarray(file[place], dtype=np.float32)


@contextmanager
def _hdf5(path: Path) -> Iterator[h5py.File]:
    import h5py

    with ExitStack() as open_things:
        if zipfile.is_zipfile(path):
            archive = open_things.enter_context(zipfile.ZipFile(path))
            if ARCHIVED not in archive.namelist():
                raise ValueError("the archive holds no weights of Keras or PyTorch")
            yield open_things.enter_context(h5py.File(open_things.enter_context(archive.open(ARCHIVED)), "r"))
        else:
            _refuse_no_hdf5(path)
            yield open_things.enter_context(h5py.File(path, "r"))


def _refuse_no_hdf5(path: Path) -> None:
    """In plain words, before HDF5 says it in its own.

    Raises:
        ValueError: it is empty, cut short, or no HDF5 file.
    """
    import h5py

    with path.open("rb") as file:
        beginning = file.read(len(ARCHIVE))
    if not beginning:
        raise ValueError(EMPTY)
    if beginning == ARCHIVE:  # Its index, at the end, is not there.
        raise ValueError(CUT_SHORT)
    if not h5py.is_hdf5(path):
        raise ValueError("it is a file of neither Keras nor PyTorch")
    try:
        h5py.File(path, "r").close()
    except OSError as error:
        raise ValueError(
            CUT_SHORT if "truncated" in str(error) else "it is damaged: copy or download it again"
        ) from None


def _layers(path: Path, file: h5py.File) -> Iterator[StoredLayer]:
    root = file.get("model_weights", file)
    if "layers" in root and "layer_names" not in root.attrs and "layer_names0" not in root.attrs:
        described = read_configuration(path).layers if zipfile.is_zipfile(path) else ()
        names = {layer.stored_as: layer.layer for layer in described}
        yield from _numbered_layers(root["layers"], names, "")
    else:
        for name in _texts(root, "layer_names"):
            yield from _named_layers(root[name], name)


def _named_layers(group: h5py.Group, name: str) -> Iterator[StoredLayer]:
    """The layer, or those of a network that is used as a layer."""
    parts: dict[str, list[str]] = {}
    for weight in _texts(group, "weight_names"):
        parts.setdefault(weight.rpartition("/")[0], []).append(weight)
    for part, weights in parts.items():
        places = tuple(f"{group.name}/{weight}" for weight in weights)
        shapes = tuple(group[weight].shape for weight in weights)
        yield StoredLayer(name if len(parts) == 1 else part, "", places, shapes)


def _numbered_layers(group: h5py.Group, names: dict[str, str], within: str) -> Iterator[StoredLayer]:
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


def _texts(group: h5py.Group, name: str) -> list[str]:
    """An attribute of texts, which Keras cuts into numbered parts where it is long."""
    parts = [group.attrs[name]] if name in group.attrs else []
    while f"{name}{len(parts)}" in group.attrs:
        parts.append(group.attrs[f"{name}{len(parts)}"])
    return [text.decode() if isinstance(text, bytes) else str(text) for part in parts for text in part]
