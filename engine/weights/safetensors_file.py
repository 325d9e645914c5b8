"""Reads `.safetensors` files, which hold tensors and nothing that could be run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from engine.weights.stored_layer import Shape
from engine.weights.tensor_view import floats
from engine.weights.unreadable import CUT_SHORT, EMPTY

SUFFIX = ".safetensors"
TYPES = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16"}
"""Of floats, as the format calls them."""
LENGTH_BYTES, MAX_HEADER_BYTES = 8, 100_000_000
"""Of the header, as the format has them (https://huggingface.co/docs/safetensors)."""
METADATA = "__metadata__"


def safetensors_shapes(path: Path) -> dict[str, tuple[Shape, str]]:
    """Tensor → its shape and type (of `tensor_view.FLOATS`, or as the format calls it).

    Raises:
        ValueError: it is damaged, or not such a file.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 - it is no dictionary
            return {
                name: (tuple(one.get_shape()), TYPES.get(one.get_dtype(), one.get_dtype()))
                for name, one in slices.items()
            }
    except SafetensorError:
        raise ValueError(_fault(path)) from None


def _fault(path: Path) -> str:
    """Why the file cannot be read, in plain words."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(LENGTH_BYTES), "little")
        if size == 0:
            return EMPTY
        if length > MAX_HEADER_BYTES:
            return "it is not a safetensors file"
        if size < LENGTH_BYTES + length:
            return CUT_SHORT
        header = file.read(length)
    try:
        ends = [entry["data_offsets"][1] for name, entry in json.loads(header).items() if name != METADATA]
        is_cut = size < LENGTH_BYTES + length + max(ends, default=0)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        is_cut = False
    return CUT_SHORT if is_cut else "its description is damaged: copy or download it again"


@contextmanager
def safetensors_arrays(path: Path) -> Iterator[Callable[[str], np.ndarray]]:
    """Reads the tensor of a name, float32."""
    from safetensors import SafetensorError, safe_open

    shapes = safetensors_shapes(path)
    try:
        with safe_open(path, framework="numpy") as file:

            def array(name: str) -> np.ndarray:
                shape, dtype = shapes[name]
                found = file.get_tensor(name)
                return floats(found.tobytes(), dtype).reshape(shape)

            yield array
    except SafetensorError as error:
        raise ValueError(str(error)) from None
