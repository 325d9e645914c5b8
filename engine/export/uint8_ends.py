"""Gives an int8 `.tflite` with integer ends uint8 ones, as cameras and older accelerators have them.

An operator QUANTIZE stands at each end: its scales are the same on both sides and the zero points 128 apart, so it adds
128, or takes it away, and rounds nothing.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.contract.errors import NutshellError
from engine.export.model_packing import packed, with_weights_inline

if TYPE_CHECKING:
    from ai_edge_litert import schema_py_generated as schema

SHIFT = 128
INNER_NAME_END = b"_int8"
REQUANTIZING_VERSION = 2
"""Of QUANTIZE: from there on it takes integers."""
HIGHEST_OLD_CODE = 127


def with_uint8_ends(content: bytes) -> bytes:
    """The `.tflite` with uint8 input and output; equal bytes give equal bytes.

    Raises:
        NutshellError: its ends are not int8.
    """
    from ai_edge_litert import schema_py_generated as schema

    model: schema.ModelT = schema.ModelT.InitFromPackedBuf(with_weights_inline(content), 0)
    graph = model.subgraphs[0]
    for place in (*graph.inputs, *graph.outputs):
        if graph.tensors[place].type != schema.TensorType.INT8:
            raise NutshellError("Only a file with int8 input and output can have uint8 ones; set float_io = false.")
    code = _quantize_code(model)
    inputs = {int(place): _end(graph, int(place)) for place in graph.inputs}
    outputs = {int(place): _end(graph, int(place)) for place in graph.outputs}
    before = [_quantize(code, outer, inner) for inner, outer in inputs.items()]
    after = [_quantize(code, inner, outer) for inner, outer in outputs.items()]
    graph.operators = [*before, *graph.operators, *after]
    graph.inputs = np.array([inputs[int(place)] for place in graph.inputs], np.int32)
    graph.outputs = np.array([outputs[int(place)] for place in graph.outputs], np.int32)
    for signature in model.signatureDefs or []:
        for one, moved in ((signature.inputs, inputs), (signature.outputs, outputs)):
            for named in one or []:
                named.tensorIndex = moved.get(int(named.tensorIndex), named.tensorIndex)
    return packed(model)


def _end(graph: Any, place: int) -> int:
    """The number of a new uint8 tensor for the one at `place`, whose name it takes."""
    from ai_edge_litert import schema_py_generated as schema

    inner = graph.tensors[place]
    outer = copy.deepcopy(inner)
    outer.type, outer.buffer = schema.TensorType.UINT8, 0
    outer.quantization.zeroPoint = np.array(inner.quantization.zeroPoint, np.int64) + SHIFT
    # Ranges are of the integers' own type where a file tells them at all.
    outer.quantization.min = outer.quantization.max = None
    inner.name = (inner.name or b"") + INNER_NAME_END
    graph.tensors.append(outer)
    return len(graph.tensors) - 1


def _quantize_code(model: Any) -> int:
    """The number of the operator's code, new where the file has none that takes integers."""
    from ai_edge_litert import schema_py_generated as schema

    kind = schema.BuiltinOperator.QUANTIZE
    for number, code in enumerate(model.operatorCodes):
        if max(code.builtinCode, code.deprecatedBuiltinCode) == kind and code.version >= REQUANTIZING_VERSION:
            return number
    code = schema.OperatorCodeT()
    code.builtinCode = kind
    code.deprecatedBuiltinCode = min(kind, HIGHEST_OLD_CODE)
    code.version = REQUANTIZING_VERSION
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1


def _quantize(code: int, source: int, target: int) -> Any:
    from ai_edge_litert import schema_py_generated as schema

    operator = schema.OperatorT()
    operator.opcodeIndex = code
    operator.inputs, operator.outputs = np.array([source], np.int32), np.array([target], np.int32)
    return operator
