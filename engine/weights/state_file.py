"""The layers in a file of PyTorch tensors, a "state dict": from tensors by name to layers as Keras has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from engine.weights.safetensors_file import SUFFIX, safetensors_arrays, safetensors_shapes
from engine.weights.stored_layer import TORCH_PARTS, Shape, StoredLayer
from engine.weights.tensor_pickle import SAVE_STATE, NoPlainTensors
from engine.weights.tensor_view import FLOATS, TensorView
from engine.weights.torch_file import SUFFIXES, is_torch_file, read_torch_file, torch_bytes

STATE_SUFFIXES = (*SUFFIXES, SUFFIX)
NETWORKS = ("state_dict", "model_state_dict", "model", "net", "network", "weights", "params")
"""Where a checkpoint has the network, beside its optimizer and others."""
WRAPPERS = ("module.", "model.", "net.", "network.", "backbone.", "encoder.", "_orig_mod.")
"""What comes before every name if the network was part of something else, as of a `DataParallel`."""
MAX_NAME_CHARACTERS = 200
"""Names are shown in sentences."""
AXES: Mapping[int, tuple[int, ...]] = {1: (0,), 2: (1, 0), 4: (2, 3, 1, 0)}
"""Number of axes → Keras' order: one value per channel, a dense layer, a convolution."""


def is_state_file(path: Path) -> bool:
    """Whether it is a file of PyTorch's, or a `.safetensors` file."""
    return path.is_file() and (path.name.lower().endswith(SUFFIX) or is_torch_file(path))


def state_layers(path: Path) -> tuple[StoredLayer, ...]:
    """The layers, by the names of their modules.

    Raises:
        NoPlainTensors: it holds more than tensors.
        OSError, LookupError, ValueError, TypeError, zipfile.BadZipFile: it is damaged.
    """
    if path.name.lower().endswith(SUFFIX):
        return _layers(safetensors_shapes(path))
    tensors = _network(read_torch_file(path).content)
    return _layers({name: (view.shape, view.storage.dtype) for name, view in tensors.items()})


@contextmanager
def state_arrays(path: Path) -> Iterator[Callable[[str], np.ndarray]]:
    """Reads the tensor of a name, float32, its axes as in the file."""
    if path.name.lower().endswith(SUFFIX):
        with safetensors_arrays(path) as array:
            yield array
        return
    file = read_torch_file(path)
    tensors = _network(file.content)
    with torch_bytes(path, file) as read:
        yield lambda name: read(tensors[name])


def _network(content: object) -> dict[str, TensorView]:
    """The tensors of the network in a file that may hold a whole checkpoint."""
    if not isinstance(content, dict):
        raise NoPlainTensors(f"it holds no tensors by name; {SAVE_STATE}")
    return _tensors(content)


def _tensors(content: Mapping[Any, object]) -> dict[str, TensorView]:
    """Those of a known key first: beside it a checkpoint may have tensors of its own, as of the best accuracy."""
    for key in NETWORKS:
        inner = content.get(key)
        if isinstance(inner, dict) and (found := _tensors(inner)):
            return found
    return {str(name): view for name, view in content.items() if isinstance(view, TensorView)}


def _layers(tensors: Mapping[str, tuple[Shape, str]]) -> tuple[StoredLayer, ...]:
    """
    Args:
        tensors: name → shape and type, in the order of the file.
    """
    modules: dict[str, dict[str, Shape]] = {}
    for name, (shape, dtype) in tensors.items():
        module, _, part = name.rpartition(".")
        if part not in TORCH_PARTS:
            continue
        if len(name) > MAX_NAME_CHARACTERS or not name.isprintable():
            raise NoPlainTensors(f"a name of a tensor is not one line of up to {MAX_NAME_CHARACTERS} characters")
        if dtype not in FLOATS:
            raise NoPlainTensors(f"its {name} holds numbers of the type {dtype}; save them as floating point numbers")
        modules.setdefault(module, {})[part] = shape
    before = len(_wrapper(list(modules)))
    return tuple(_layer(module, module[before:], parts) for module, parts in modules.items() if _known(parts))


def _known(parts: Mapping[str, Shape]) -> bool:
    return all(len(shape) in AXES for shape in parts.values())


def _layer(module: str, name: str, parts: Mapping[str, Shape]) -> StoredLayer:
    ordered = [(part, parts[part], AXES[len(parts[part])]) for part in TORCH_PARTS if part in parts]
    places = tuple(f"{module}.{part}" if module else part for part, _, _ in ordered)
    shapes = tuple(tuple(shape[axis] for axis in axes) for _, shape, axes in ordered)
    return StoredLayer(name, "", places, shapes, tuple(axes for _, _, axes in ordered))


def _wrapper(modules: list[str]) -> str:
    """What all names of modules begin with that says only what the network was part of."""
    found = ""
    while modules and (
        wrapper := next((one for one in WRAPPERS if all(name.startswith(found + one) for name in modules)), "")
    ):
        found += wrapper
    return found


def in_keras_axes(array: np.ndarray, axes: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """An array of the file with its axes in Keras' order, in a row in memory."""
    return np.ascontiguousarray(array.transpose(axes))
