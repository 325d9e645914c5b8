"""Gives a Keras network the weights of a local file; opens no connection, and runs no code of the file."""

from __future__ import annotations

import hashlib
from pathlib import Path

from engine.contract.errors import DataError
from engine.graph.keras_objects import KerasModel
from engine.graph.layer_graph import LayerGraph
from engine.weights.matching import WeightsMatch, match_weights
from engine.weights.soundness import fault_in
from engine.weights.stored_weights import files_read, read_stored_weights

CHUNK = 1 << 20


def load_weights(model: KerasModel, graph: LayerGraph, path: Path) -> WeightsMatch:
    """Give the layers of `model`, which was built from `graph`, the weights that the file has for them.

    Raises:
        DataError: the file is not a weights file, is that of another network, or holds weights that are not finite or a
            variance below 0.
    """
    stored = read_stored_weights(path)
    match = match_weights(graph, stored)
    sources = [layer for _, layer in match.taken]
    normalisations = {layer.name for layer in graph.layers if layer.kind == "BatchNormalization"}
    for (name, source), arrays in zip(match.taken, stored.arrays(sources), strict=True):
        if fault := fault_in(source, arrays, name in normalisations):
            raise DataError(f'backbone.weights: the layer "{name}" of {path} {fault}; choose another file.')
        model.get_layer(name).set_weights(arrays)
    return match


def path_digest(path: str) -> str:
    """What is in the weights file at a recipe's `backbone.weights`, wherever it lies; empty for random weights."""
    found = Path(path).expanduser()
    return weights_digest(found) if path and found.exists() else path


def weights_digest(path: Path) -> str:
    """SHA-256 of what is read of a weights file."""
    digest = hashlib.sha256()
    for file in filter(Path.is_file, files_read(path)):
        with file.open("rb") as stream:
            while part := stream.read(CHUNK):
                digest.update(part)
    return digest.hexdigest()
