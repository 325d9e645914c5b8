"""Checks that a network that was read from a Keras file gives the same outputs as in Keras.

Keras builds the file's network from a copy of its description in which only Keras' own classes stand: initialisers,
regularisers and number types are taken out, and what would be code is refused before Keras sees it.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import numpy as np

from engine.backbones.input_scaling import KINDS, InputScaling
from engine.contract.document import Document
from engine.contract.errors import DataError
from engine.graph.keras_layers import known_classes
from engine.graph.keras_objects import KerasLayer, KerasModel
from engine.weights.keras_configuration import MODELS, keras_version, read_document
from engine.weights.saved_model import saved_model_folder
from engine.weights.stored_weights import read_stored_weights
from engine.weights.unreadable import reason_in_a_line

IMAGES = 4
TOLERANCE = 1e-4
"""Of the values before the last activation, relative to the largest; of probabilities that is less still."""
TAKEN_OUT = ("_initializer", "_regularizer", "_constraint", "dtype", "build_config", "compile_config")
"""Ends of keys that do not matter to what a network answers."""
DATA_CLASSES = frozenset({"__keras_tensor__", "__tuple__", "TensorShape", "__numpy__"})
OWN_MODULES = ("keras", "tf_keras", "builtins")


def check_against_keras(model: KerasModel, path: Path, scaling: InputScaling, seed: int) -> float:
    """Compare a network that was read from `path` with the one that Keras reads from it, on random images.

    Args:
        model: ours, with the file's weights; it ends in an activation.

    Returns:
        The largest difference before the last activation, relative to the largest value.

    Raises:
        DataError: they differ by more than `TOLERANCE`, or Keras cannot read the file.
    """
    import tf_keras

    pixels = _images(tuple(side or 1 for side in model.input_shape[1:]), seed) * np.float32(scaling.max_pixel)
    ours = tf_keras.Model(model.input, model.layers[-1].input)(scaling.fed(pixels), training=False).numpy()
    try:
        theirs = _keras_outputs(path, pixels)
    except DataError:
        raise
    except Exception as error:  # noqa: BLE001 - Keras raises nearly anything on a file that it cannot read
        raise DataError(
            f"{path.name}: Keras itself cannot build this network ({reason_in_a_line(error)}), so the network that "
            f"was read cannot be checked; save the model again, with the version of Keras that made it."
            ""
        ) from None
    if ours.shape != theirs.shape:
        raise DataError(_unlike(path, f"its output has the shape {theirs.shape[1:]}, and here {ours.shape[1:]}"))
    difference = float(np.abs(ours - theirs).max() / max(np.abs(theirs).max(), 1.0))
    if not difference <= TOLERANCE:
        raise DataError(_unlike(path, f"on random images its answers differ by {difference:.2g} of the largest"))
    return difference


def _unlike(path: Path, how: str) -> str:
    return (
        f"{path.name} contains something that Nutshell does not understand: {how}. It is not used, because its "
        f"outputs would be wrong; build the network from plain layers."
        ""
    )


def _images(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """float32 (n, height, width, channels) from 0 to 1: noise, fine and coarse, dark and bright."""
    generator = np.random.default_rng(seed)
    images = generator.random((IMAGES, *shape))
    for number in range(1, IMAGES, 2):
        coarse = generator.random((4, 4, shape[2]))
        rows, columns = (np.arange(side) * 4 // side for side in shape[:2])
        images[number] = coarse[rows][:, columns] * 0.9 + images[number] * 0.1
    return images.astype(np.float32)


def _keras_outputs(path: Path, pixels: np.ndarray) -> np.ndarray:
    """What Keras' own network gives before its last activation."""
    document = _vetted(read_document(path), path)
    _take_last_activation(document)
    with tempfile.TemporaryDirectory() as folder:
        model = _loaded(path, document, Path(folder))
        return np.asarray(model(pixels, training=False))


def _loaded(path: Path, document: Document, folder: Path) -> KerasModel:
    keras = _keras(path)
    if saved_model_folder(path) is not None:
        return _from_saved_model(keras, path, document)
    copy = folder / f"copy{'.keras' if zipfile.is_zipfile(path) else '.h5'}"
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as original, zipfile.ZipFile(copy, "w") as target:
            target.writestr("config.json", json.dumps(document))
            for name in ("metadata.json", "model.weights.h5"):
                target.writestr(name, original.read(name))
    else:
        import h5py

        shutil.copyfile(path, copy)
        with h5py.File(copy, "r+") as file:
            file.attrs["model_config"] = json.dumps(document)
            file.attrs.pop("training_config", None)
    return keras.models.load_model(copy, compile=False, **({"safe_mode": True} if copy.suffix == ".keras" else {}))


def _from_saved_model(keras: ModuleType, path: Path, document: Document) -> KerasModel:
    """From the layers' description; the graph in the folder would have to be run."""
    model = keras.layers.deserialize(document)
    model(np.zeros((1, *model.input_shape[1:]), np.float32))
    stored = read_stored_weights(path)
    by_name = dict(_plain_layers(model))
    for layer, arrays in zip(stored.layers, stored.arrays(list(stored.layers)), strict=True):
        weights = by_name[layer.name].get_weights()
        by_name[layer.name].set_weights([*arrays, *weights[len(arrays) :]])
    return model


def _plain_layers(model: KerasModel) -> Iterator[tuple[str, KerasLayer]]:
    for part in model.layers:
        if hasattr(part, "layers"):  # A network within the network.
            yield from _plain_layers(cast("KerasModel", part))
        else:
            yield part.name, part


def _keras(path: Path) -> ModuleType:
    """The Keras that wrote the file: 2, which is a package of its own now, or 3."""
    if keras_version(path) < 3:
        import tf_keras

        return tf_keras
    os.environ["KERAS_BACKEND"] = "tensorflow"  # A settings file of the user's may name another.
    import keras

    return keras


def _vetted(part: Any, path: Path) -> Any:
    """The description without what does not matter.

    Raises:
        DataError: it holds something else than Keras' own layers.
    """
    if isinstance(part, list):
        return [_vetted(value, path) for value in part]
    if not isinstance(part, dict):
        return part
    kind, module = part.get("class_name"), part.get("module")
    if kind in DATA_CLASSES:
        return part
    if kind is not None and kind not in known_classes() | KINDS | MODELS | {"InputLayer"}:
        raise DataError(f"{path.name} holds a {kind}, and code in a file is never run.")
    if module is not None and str(module).partition(".")[0] not in OWN_MODULES:
        raise DataError(f"{path.name} names {module} as the home of a {kind}, and code in a file is never run.")
    return {key: _vetted(value, path) for key, value in part.items() if not key.endswith(TAKEN_OUT)}


def _take_last_activation(model: Document) -> None:
    """Let the network end in the values that the last activation would take, where it has one."""
    config = model["config"]
    layers = config["layers"]
    if model["class_name"] == "Sequential":
        last = layers[-1]
    else:
        (output, *_) = config["output_layers"]
        name = output if isinstance(output, str) else output[0]
        last = next(layer for layer in layers if layer.get("name", layer["config"].get("name")) == name)
    if last["class_name"] in MODELS:
        _take_last_activation(last)
    elif last["class_name"] == "Softmax":
        last["class_name"] = "Activation"
        kept = {key: value for key, value in last["config"].items() if key in ("name", "trainable")}
        last["config"] = {**kept, "activation": "linear"}
        # Softmax may be called with a mask, which no other activation takes.
        for node in last.get("inbound_nodes", []):
            if isinstance(node, dict):
                node["kwargs"] = {}
            else:
                for call in node:
                    if isinstance(call, list) and len(call) > 3:
                        call[3] = {}
    elif last["config"].get("activation") in ("softmax", "sigmoid"):
        last["config"]["activation"] = "linear"
