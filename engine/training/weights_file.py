"""Loads a Keras weights file that the user has into a network, by layer name and shape; opens no connection."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from engine.contract.errors import DataError

CHUNK = 1 << 20


def load_weights_by_name(model: Any, path: Path) -> int:
    """Give the layers that the file knows by name and shape its weights.

    Returns:
        How many layers of the model with weights took theirs from the file.

    Raises:
        DataError: the file is no HDF5 weights file, or knows none of the layers.
    """
    import h5py

    try:
        with h5py.File(path, "r") as stored:
            names = set(stored.get("model_weights", stored))
        before = {layer.name: layer.get_weights() for layer in model.layers if layer.weights}
        model.load_weights(str(path), by_name=True, skip_mismatch=True)
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            f"backbone.weights {path} is no Keras weights file in HDF5 ({reason}); give a .h5 file."
        ) from None
    loaded = sum(
        any((new != old).any() for new, old in zip(model.get_layer(name).get_weights(), weights, strict=True))
        for name, weights in before.items()
        if name in names
    )
    if not loaded:
        raise DataError(
            f"backbone.weights {path} has no layer of this network by name and shape; "
            f"the network's first are {', '.join(list(before)[:3])}. Give a file of the same backbone and width 1."
        )
    return loaded


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while part := stream.read(CHUNK):
            digest.update(part)
    return digest.hexdigest()
