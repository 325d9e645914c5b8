"""What a weights file holds, in every layout of Keras and PyTorch. No TensorFlow, no PyTorch, and nothing is run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from engine.contract.errors import DataError
from engine.weights.hdf5_weights import hdf5_arrays, hdf5_layers
from engine.weights.saved_model import files_of_saved_model, saved_model_arrays, saved_model_folder, saved_model_layers
from engine.weights.soundness import fault_in
from engine.weights.state_file import in_keras_axes, is_state_file, state_arrays, state_layers
from engine.weights.stored_layer import StoredLayer
from engine.weights.tensor_pickle import NoPlainTensors
from engine.weights.unreadable import UNREADABLE, reason_in_a_line

CACHED_FILES = 64
GIVE = "give a .h5, .weights.h5 or .keras file, a SavedModel, or a .pth or .safetensors file"


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
        """The arrays of each of the layers, float32, in the order in which Keras sets them.

        Raises:
            DataError: the file is damaged.
        """
        try:
            with _arrays(self.path) as array:
                for layer in layers:
                    found = [array(place) for place in layer.places]
                    yield [in_keras_axes(*one) for one in zip(found, layer.axes, strict=True)] if layer.axes else found
        except UNREADABLE as error:
            raise DataError(f"{self.path} is damaged ({reason_in_a_line(error)}); copy or save it again.") from None


def files_read(path: Path) -> tuple[Path, ...]:
    """The files that the weights of this path are in."""
    folder = saved_model_folder(path)
    return (path,) if folder is None else files_of_saved_model(folder)


def file_states(path: Path) -> tuple[tuple[int, int], ...]:
    """Times and sizes of the existing files, which show whether they were written again since they were read."""
    states = [file.stat() for file in files_read(path) if file.exists()]
    return tuple((state.st_mtime_ns, state.st_size) for state in states)


def read_stored_weights(path: Path) -> StoredWeights:
    """The layers of a weights file.

    Raises:
        DataError: it cannot be read, or is not a weights file.
    """
    try:
        path.stat()
    except OSError as error:
        raise DataError(f"The weights file {path} cannot be read ({error.strerror}); check the path.") from None
    found = _read(path, file_states(path))
    if isinstance(found, str):
        raise DataError(found)
    return found


def faulty_layer(path: Path) -> str:
    """The first layer of a weights file with which nothing can be computed, and why, as the begin of a sentence; or "".

    Such as NaN, as a training that diverged leaves them, or a variance below 0.

    Raises:
        DataError: as `read_stored_weights`.
    """
    return _faulty_layer(path, file_states(path))


@lru_cache(maxsize=CACHED_FILES)
def _faulty_layer(path: Path, states: tuple[tuple[int, int], ...]) -> str:
    stored = read_stored_weights(path)
    for layer, arrays in zip(stored.layers, stored.arrays(list(stored.layers)), strict=True):
        if fault := fault_in(layer, arrays):
            return f'The layer "{layer.name or layer.kind}" of {path.name} {fault}'
    return ""


@lru_cache(maxsize=CACHED_FILES)
def _read(path: Path, states: tuple[tuple[int, int], ...]) -> StoredWeights | str:
    """Or why it cannot be read: that is remembered too, as a hostile file costs time to refuse."""
    folder = saved_model_folder(path)
    if folder is None and path.is_dir():
        return f"{path} is a folder, but not a SavedModel; {GIVE}."
    try:
        layers = _layers(path)
    except NoPlainTensors as error:
        return f"{path} cannot be used: {error}."
    except DataError as error:
        return str(error)
    except UNREADABLE as error:
        message = f"{path} is not a weights file ({reason_in_a_line(error)}); {GIVE}."
        if isinstance(error, OSError):  # It may have passed when the file is asked for again.
            raise DataError(message) from None
        return message
    return StoredWeights(path, layers) if layers else f"{path} holds no layer with weights; {GIVE}."


def _layers(path: Path) -> tuple[StoredLayer, ...]:
    if (folder := saved_model_folder(path)) is not None:
        return saved_model_layers(folder)
    return state_layers(path) if is_state_file(path) else hdf5_layers(path)


def _arrays(path: Path) -> AbstractContextManager[Callable[[str], np.ndarray]]:
    if (folder := saved_model_folder(path)) is not None:
        return saved_model_arrays(folder)
    return state_arrays(path) if is_state_file(path) else hdf5_arrays(path)
