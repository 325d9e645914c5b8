"""Rounds the biases of an int8 file as TFLiteConverter does, so that both files predict the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.measurement.tflite_graph import BIAS_INPUT, KERNEL_INPUT

if TYPE_CHECKING:
    from ai_edge_litert import schema_py_generated as schema

MAX_STEPS = 2**30
"""Of a bias, as in TFLiteConverter: half of what an int32 counts, so that sums have room."""


@dataclass(frozen=True)
class _StoredOperator:
    """An operator with a kernel and a bias: tensors of the file, and views of its bytes."""

    input: schema.Tensor
    kernel: schema.Tensor
    kernel_bytes: np.ndarray
    bias: schema.Tensor
    bias_bytes: np.ndarray


def with_biases_rounded_as_tensorflow(content: bytes, float32: bytes) -> bytes:
    """The int8 `.tflite` with biases that TFLiteConverter would have stored.

    A bias is tens of thousands of steps of its scale, and some lie between two integers: TFLiteConverter divides in
    single precision and rounds halves away from zero. One step in a bias of the first layer changed one of a
    hundred predictions of a MobileNetV3.

    A channel whose kernel is next to zero, as pruning and dead units leave it, has so small a scale that its bias is
    more steps than an int32 counts: stored so, the channel answers the bias's negative, or a part of it. Its kernel
    gets a larger scale, at which the bias is 2³⁰ steps.

    Args:
        content: as quantised; biases in other numbers than int32 stay as they are.
        float32: what it was quantised from.
    """
    from ai_edge_litert import schema_py_generated as schema

    rounded = bytearray(content)
    exact = _layers(schema.Model.GetRootAs(float32))
    # Views of the file: what is written to them is in it.
    for stored, original in zip(_layers(schema.Model.GetRootAs(rounded)), exact, strict=True):
        if stored is None or original is None or stored.bias.Type() != schema.TensorType.INT32:
            continue
        values = original.bias_bytes.view(np.float32)
        _widen_scales(stored, values)
        scales = stored.bias.Quantization().ScaleAsNumpy()
        steps = (values / scales).astype(np.float64)
        stored.bias_bytes.view(np.int32)[:] = np.trunc(steps + np.copysign(0.5, steps)).astype(np.int32)
    return bytes(rounded)


def _widen_scales(layer: _StoredOperator, bias: np.ndarray) -> None:
    """Give the kernel of each channel whose bias is too many steps a scale at which it is not."""
    bias_scales = layer.bias.Quantization().ScaleAsNumpy()
    kernel_scales = layer.kernel.Quantization().ScaleAsNumpy()
    min_scales = (np.abs(bias) / np.float32(MAX_STEPS)).astype(np.float32)
    narrow = np.flatnonzero(bias_scales < min_scales)
    if not len(narrow) or len(kernel_scales) != len(bias):
        return
    wider = min_scales[narrow] / layer.input.Quantization().ScaleAsNumpy()[0]
    axis = layer.kernel.Quantization().QuantizedDimension()
    kernel = np.moveaxis(layer.kernel_bytes.view(np.int8).reshape(layer.kernel.ShapeAsNumpy()), axis, 0)
    for channel, scale in zip(narrow, wider, strict=True):
        kernel[channel] = np.rint(kernel[channel] * (kernel_scales[channel] / scale))
    kernel_scales[narrow], bias_scales[narrow] = wider, min_scales[narrow]


def _layers(model: schema.Model) -> Iterator[_StoredOperator | None]:
    """The operators with kernels, in order; None for one without a bias."""
    from ai_edge_litert import schema_py_generated as schema

    kinds = {getattr(schema.BuiltinOperator, kind): place for kind, place in KERNEL_INPUT.items()}
    graph = model.Subgraphs(0)
    for number in range(graph.OperatorsLength()):
        operator = graph.Operators(number)
        kind = model.OperatorCodes(operator.OpcodeIndex()).BuiltinCode()
        if kind not in kinds:
            continue
        transposed = kind == schema.BuiltinOperator.TRANSPOSE_CONV  # Its third input is the image.
        if transposed or operator.InputsLength() <= BIAS_INPUT or operator.Inputs(BIAS_INPUT) < 0:
            yield None
            continue
        kernel, bias = (graph.Tensors(operator.Inputs(place)) for place in (kinds[kind], BIAS_INPUT))
        kernel_bytes, bias_bytes = (model.Buffers(tensor.Buffer()).DataAsNumpy() for tensor in (kernel, bias))
        stored = isinstance(kernel_bytes, np.ndarray) and isinstance(bias_bytes, np.ndarray)
        image = graph.Tensors(operator.Inputs(0))
        yield _StoredOperator(image, kernel, kernel_bytes, bias, bias_bytes) if stored else None
