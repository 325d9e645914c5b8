"""Reads what Keras wrote into a TensorFlow SavedModel: its layers, and their variables. No TensorFlow.

The graph in `saved_model.pb`, which TensorFlow would run, is not opened. Keras 2 describes the layers beside it, in
`keras_metadata.pb`, by their way from the model (`root.layer_with_weights-0`); the variables lie in a checkpoint, whose
object graph has the same ways.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.contract.document import Document
from engine.contract.errors import DataError
from engine.weights.stored_layer import StoredLayer
from engine.weights.tensor_bundle import TensorBundle, read_tensor_bundle
from engine.weights.tensorflow_messages import parsed

if TYPE_CHECKING:
    from google.protobuf.message import Message

GRAPH_FILE = "saved_model.pb"
LAYERS_FILE = "keras_metadata.pb"
VARIABLES = "variables/variables"
OBJECT_GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"
LAYER = "_tf_keras_layer"
KERAS_ORDER = (
    "depthwise_kernel", "pointwise_kernel", "kernel", "gamma", "beta", "bias", "moving_mean", "moving_variance",
    "alpha", "adapt_mean", "adapt_variance",
)  # fmt: skip


def saved_model_folder(path: Path) -> Path | None:
    """The folder of a SavedModel, by itself or by one of its files; None for any other path."""
    folder = path.parent if path.name in (GRAPH_FILE, LAYERS_FILE) else path
    return folder if (folder / GRAPH_FILE).is_file() else None


def files_of_saved_model(folder: Path) -> tuple[Path, ...]:
    """The files that are read."""
    return (folder / LAYERS_FILE, *sorted((folder / VARIABLES).parent.glob(f"{Path(VARIABLES).name}.*")))


def saved_model_document(folder: Path) -> Document:
    """The model's class and configuration, as in the other files of Keras.

    Raises:
        DataError: Keras did not write it, or not its layers.
    """
    root = json.loads(_nodes(folder)[0].metadata, object_hook=_without_tuples)
    if "layers" not in root.get("config", {}):
        raise DataError(
            f"{folder} is a model of class {root.get('class_name', 'unknown')}, whose layers only its own code knows; "
            "build it as a functional or sequential model, and save it again."
        )
    return dict(root)


def saved_model_layers(folder: Path) -> tuple[StoredLayer, ...]:
    """The layers that have weights; those of a model that is used as a layer stand by themselves."""
    bundle = read_tensor_bundle(folder / VARIABLES)
    graph = parsed("ObjectGraph", bundle.text(OBJECT_GRAPH_KEY)).nodes
    nodes = sorted((node for node in _nodes(folder) if node.identifier == LAYER), key=_place_in_model)
    layers = (_layer(json.loads(node.metadata)["name"], node.node_path, graph, bundle) for node in nodes)
    return tuple(layer for layer in layers if layer.places)


@contextmanager
def saved_model_arrays(folder: Path) -> Iterator[Callable[[str], np.ndarray]]:
    """Reads the variable of a key, float32."""
    yield read_tensor_bundle(folder / VARIABLES).array


def _without_tuples(value: Document) -> object:
    """A SavedModel tells tuples from lists, which the other files do not."""
    return value["items"] if value.get("class_name") == "__tuple__" else value


def _nodes(folder: Path) -> Sequence[Message]:
    if not (folder / LAYERS_FILE).is_file():
        raise DataError(
            f"{folder} is a SavedModel without Keras' own description of its layers ({LAYERS_FILE}): its graph can "
            f"only be understood by running it, which is not safe; save the model as a .keras file where it was "
            f"made, and choose that."
            ""
        )
    nodes = parsed("SavedMetadata", (folder / LAYERS_FILE).read_bytes()).nodes
    if not nodes:
        raise ValueError(f"{LAYERS_FILE} is empty")
    return nodes


def _place_in_model(node: Message) -> tuple[int, ...]:
    """The numbers in a layer's way, which follow the model's order among layers with weights."""
    return tuple(int(number) for number in re.findall(r"-(\d+)", node.node_path))


def _layer(name: str, way: str, graph: Sequence[Message], bundle: TensorBundle) -> StoredLayer:
    """The layer at the end of the way from the root, such as "root.layer_with_weights-0.layer-1"."""
    place = graph[0]
    for step in way.split(".")[1:]:
        place = graph[{child.local_name: child.node_id for child in place.children}[step]]
    keys = {}
    for child in place.children:
        attributes = graph[child.node_id].attributes
        if child.local_name in KERAS_ORDER and attributes:
            keys[child.local_name] = attributes[0].checkpoint_key
    places = tuple(keys[variable] for variable in KERAS_ORDER if variable in keys)
    return StoredLayer(name, "", places, tuple(bundle.shape(key) for key in places))
