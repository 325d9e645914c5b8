"""Rounds the biases of an int8 file as TFLiteConverter does, so that the files of both decide the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.measurement.tflite_graph import BIAS_INPUT, KERNEL_INPUT


def with_biases_rounded_as_tensorflow(content: bytes, float32: bytes) -> bytes:
    """The int8 `.tflite` with biases that TFLiteConverter would have stored.

    A bias is tens of thousands of steps of its scale, and some lie between two integers: TFLiteConverter divides in
    single precision and rounds halves away from zero. One step in a bias of the first layer changed one of a
    hundred decisions of a MobileNetV3.

    Args:
        content: as quantised; biases in other numbers than int32 stay as they are.
        float32: what it was quantised from.
    """
    from ai_edge_litert import schema_py_generated as schema

    rounded = bytearray(content)
    exact = _biases(schema.Model.GetRootAs(float32))
    for stored, values in zip(_biases(schema.Model.GetRootAs(rounded)), exact, strict=True):
        if stored is None or values is None or stored[0].Type() != schema.TensorType.INT32:
            continue
        scales = stored[0].Quantization().ScaleAsNumpy()
        steps = (values[1].view(np.float32) / scales).astype(np.float64)
        # A view of the file: what is written here is in it.
        stored[1].view(np.int32)[:] = np.trunc(steps + np.copysign(0.5, steps)).astype(np.int32)
    return bytes(rounded)


def _biases(model: Any) -> Iterator[tuple[Any, np.ndarray] | None]:
    """Tensor and bytes of each layer's bias, in order; None for a layer without."""
    from ai_edge_litert import schema_py_generated as schema

    kinds = {getattr(schema.BuiltinOperator, kind) for kind in KERNEL_INPUT}
    graph = model.Subgraphs(0)
    for number in range(graph.OperatorsLength()):
        operator = graph.Operators(number)
        if model.OperatorCodes(operator.OpcodeIndex()).BuiltinCode() not in kinds:
            continue
        if operator.InputsLength() <= BIAS_INPUT or operator.Inputs(BIAS_INPUT) < 0:
            yield None
            continue
        tensor = graph.Tensors(operator.Inputs(BIAS_INPUT))
        data = model.Buffers(tensor.Buffer()).DataAsNumpy()
        yield (tensor, data) if isinstance(data, np.ndarray) else None
