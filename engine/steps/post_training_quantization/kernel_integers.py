"""The integers of a quantised kernel, and how others are written into its `.tflite`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from engine.contract.errors import NutshellError
from engine.measurement.tflite_graph import KERNEL_INPUT

if TYPE_CHECKING:
    from ai_edge_litert import schema_py_generated as schema

BITS: Mapping[str, int] = {"int8": 8, "int4": 4}
MOST: Mapping[str, int] = {"int8": 127, "int4": 7}
"""The greatest integer of a kernel, by its number type; the smallest is its negative."""


def with_integers(content: bytes, integers: Mapping[int, np.ndarray]) -> bytes:
    """The file with other integers in some kernels; their scales stay.

    Args:
        integers: place among the operators with kernels → int8 in the kernel's shape, of four bits where it has four.

    Raises:
        NutshellError: a kernel is not stored as integers of eight or four bits.
    """
    from ai_edge_litert import schema_py_generated as schema

    changed = bytearray(content)
    model = schema.Model.GetRootAs(changed)
    graph = model.Subgraphs(0)
    codes = {getattr(schema.BuiltinOperator, kind): place for kind, place in KERNEL_INPUT.items()}
    operators = [graph.Operators(number) for number in range(graph.OperatorsLength())]
    kinds = [model.OperatorCodes(operator.OpcodeIndex()).BuiltinCode() for operator in operators]
    weighted = [(operator, codes[kind]) for operator, kind in zip(operators, kinds, strict=True) if kind in codes]
    stored_as = {
        int(operator.Outputs(0)): int(operator.Inputs(0))
        for operator, kind in zip(operators, kinds, strict=True)
        if kind == schema.BuiltinOperator.DEQUANTIZE
    }
    for number, values in integers.items():
        operator, slot = weighted[number]
        place = int(operator.Inputs(slot))
        tensor = graph.Tensors(stored_as.get(place, place))
        # A view of the file: what is written to it is in it.
        view = model.Buffers(tensor.Buffer()).DataAsNumpy()
        raw = _raw(tensor, values)
        if not isinstance(view, np.ndarray) or len(view) != len(raw):
            raise NutshellError(
                f"The kernel {tensor.Name().decode()} is not stored as it was rounded; please report this."
            )
        view[:] = raw
    return bytes(changed)


def _raw(tensor: schema.Tensor, values: np.ndarray) -> np.ndarray:
    """The bytes of a kernel, uint8; those of four bits two per byte, the low half first."""
    from ai_edge_litert import schema_py_generated as schema

    flat = np.ascontiguousarray(values, np.int8).ravel().view(np.uint8)
    if tensor.Type() == schema.TensorType.INT8:
        return flat
    if tensor.Type() != schema.TensorType.INT4:
        return np.empty(0, np.uint8)
    halves = np.append(flat, np.uint8(0)) if len(flat) % 2 else flat
    return (halves[0::2] & 0x0F) | (halves[1::2] << 4)
