"""Walks the flatbuffer of a `.tflite`: what its operators compute, and the kernels that they use, as stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import prod
from typing import Any

import numpy as np

from engine.measurement.lookup_table_form import DECODE_OPERATOR, from_lookup_table

KERNEL_INPUT = {"CONV_2D": 1, "DEPTHWISE_CONV_2D": 1, "FULLY_CONNECTED": 1, "TRANSPOSE_CONV": 1}
"""Operators that have a kernel, and which of their inputs it is."""
BIAS_INPUT = 2
"""And which is its bias, but for TRANSPOSE_CONV."""
OUTPUT_CHANNEL_AXIS = {"DEPTHWISE_CONV_2D": 3}
"""Of a kernel as stored; the first axis of all others."""
KERNEL_SIDES = 4
"""Of a convolution's kernel: channels, height, width, channels."""
BORDER_OPERATORS = frozenset({"QUANTIZE", "DEQUANTIZE"})
"""They change number types and compute nothing."""
FLOATS = frozenset({"float16", "float32", "float64", "bfloat16"})


@dataclass(frozen=True)
class Kernel:
    """The weights of one convolution or dense layer, as stored."""

    name: str
    """Of its tensor in the file."""
    operator: str
    """The operator that uses it, such as "CONV_2D"."""
    values: np.ndarray
    """In the file's own shape and numbers, not dequantised; int4 as int8."""
    dtype: str
    """Such as "float32", "float16", "int8", "int4"."""
    scales: np.ndarray
    """float32: one, or one per channel; empty where the values are floats."""
    channel_axis: int | None
    """The axis along which each part has a scale of its own; None: one scale for all, or none."""
    zero_point: int

    @property
    def size(self) -> int:
        return int(self.values.size)

    @property
    def real_values(self) -> np.ndarray:
        """What the values stand for, float32 in their shape."""
        if not self.scales.size:
            return self.values.astype(np.float32)
        sides = [1] * self.values.ndim
        if self.channel_axis is not None:
            sides[self.channel_axis] = -1
        return (self.values.astype(np.float32) - self.zero_point) * self.scales.reshape(sides)

    @property
    def zeros(self) -> int:
        """Values that stand for exactly zero."""
        return int(np.count_nonzero(self.values == self.zero_point))

    @property
    def unique_values(self) -> int:
        """Distinct values; the most in one channel where each channel has its own scale."""
        if self.channel_axis is None:
            return len(np.unique(self.values))
        return self._most_values(self.channel_axis)

    @property
    def unique_values_a_channel(self) -> int:
        """The most distinct values in one output channel; batch normalisation, folded in, scales each by its own."""
        return self._most_values(OUTPUT_CHANNEL_AXIS.get(self.operator, 0))

    def _most_values(self, axis: int) -> int:
        return max(len(np.unique(channel)) for channel in np.moveaxis(self.values, axis, 0))


@dataclass(frozen=True)
class EndTensor:
    """What goes into the network, or comes out of it."""

    name: str
    shape: tuple[int, ...]
    """The batch of one included."""
    dtype: str
    """Such as "float32", "int8"."""
    scale: float | None = None
    """Of integers: value = scale × (integer - zero_point); None where the values are floats."""
    zero_point: int = 0


@dataclass(frozen=True)
class Operator:
    """One operator of the graph."""

    name: str
    computes_in_float: bool
    """Whether its result is a float, and so its arithmetic; true of the hybrid operators of dynamic range, whose
    activations are floats, false of QUANTIZE and DEQUANTIZE, which only change the type."""
    macs: int
    """Multiply-accumulates for one image; 0 but for convolutions and dense layers."""
    input_dtypes: tuple[str, ...] = ()
    """The number types of its inputs, in their order, such as ("float32", "int8", "float32")."""
    output_dtype: str = ""
    """Of its first output."""
    kernel_dtype: str = ""
    """As its kernel is stored, before a DEQUANTIZE widens it; empty where it has none that is stored."""
    kernel_width: int = 0
    """Of a convolution's kernel, in pixels; 0 of other operators."""
    is_of_constants: bool = False
    """Whether all that it reads is stored in the file."""


class TfliteGraph:
    """The first subgraph of a model, which is the whole of a classifier.

    Any method may raise LookupError, TypeError, ValueError or AttributeError where the file is damaged.
    """

    def __init__(self, content: bytes) -> None:
        from ai_edge_litert import schema_py_generated as schema

        self._content = content
        self._model: Any = schema.ModelT.InitFromPackedBuf(content, 0)
        self._graph = self._model.subgraphs[0]

    def operators(self) -> tuple[Operator, ...]:
        """All operators, in order."""
        return tuple(map(self._operator, self._graph.operators))

    def _operator(self, operator: Any) -> Operator:
        name, tensors = self._operator_name(operator), self._graph.tensors
        # An input that is left out, such as a bias, has the place -1.
        read = [int(place) for place in operator.inputs if place >= 0]
        stored = self._stored(self._kernel_place(operator)) if name in KERNEL_INPUT else None
        sides = tensor_shape(tensors[stored]) if stored is not None else ()
        return Operator(
            name=name,
            computes_in_float=self._computes_in_float(operator),
            macs=self._macs(operator),
            input_dtypes=tuple(tensor_dtype(tensors[place]) for place in read),
            output_dtype=tensor_dtype(tensors[operator.outputs[0]]) if len(operator.outputs) else "",
            kernel_dtype="" if stored is None else tensor_dtype(tensors[stored]),
            kernel_width=sides[2] if len(sides) == KERNEL_SIDES else 0,
            is_of_constants=all(self._has_values(tensors[place]) for place in read),
        )

    def kernels(self) -> tuple[Kernel, ...]:
        """One a layer with weights, in order; one that a DEQUANTIZE widens, as it is stored before."""
        return tuple(kernel for _, kernel in self.placed_kernels())

    def placed_kernels(self) -> tuple[tuple[int, Kernel], ...]:
        """The same, each with the number of its tensor."""
        places = [
            (self._operator_name(operator), self._kernel_place(operator))
            for operator in self._graph.operators
            if self._operator_name(operator) in KERNEL_INPUT
        ]
        stored = [(operator, self._stored(place)) for operator, place in places]
        return tuple((place, self._kernel(operator, place)) for operator, place in stored if place is not None)

    @cached_property
    def decoded_places(self) -> Mapping[int, tuple[int, int]]:
        """Tensor that a look-up table is decoded into → the tensors with its indices and its table."""
        found: dict[int, tuple[int, int]] = {}
        for operator in self._graph.operators:
            if self._model.operatorCodes[operator.opcodeIndex].customCode == DECODE_OPERATOR:
                inputs = [int(place) for place in operator.inputs]
                pairs = zip(inputs[::2], inputs[1::2], strict=True)
                found |= {int(place): pair for place, pair in zip(operator.outputs, pairs, strict=True)}
        return found

    def stored_bytes(self, place: int) -> int:
        """What the values of a constant tensor take."""
        return len(self._buffer(self._graph.tensors[place]))

    def input(self) -> EndTensor:
        """The image."""
        return _border(self._graph.tensors[self._graph.inputs[0]])

    def output(self) -> EndTensor:
        """The probabilities."""
        return _border(self._graph.tensors[self._graph.outputs[0]])

    def _operator_name(self, operator: Any) -> str:
        code = self._model.operatorCodes[operator.opcodeIndex]
        # Codes above 127 do not fit the older field, which then holds a placeholder.
        return enum_names("BuiltinOperator")[max(code.builtinCode, code.deprecatedBuiltinCode)]

    def _kernel_place(self, operator: Any) -> int:
        return int(operator.inputs[KERNEL_INPUT[self._operator_name(operator)]])

    def _computes_in_float(self, operator: Any) -> bool:
        if self._operator_name(operator) in BORDER_OPERATORS:
            return False
        return any(tensor_dtype(self._graph.tensors[place]) in FLOATS for place in operator.outputs)

    def _macs(self, operator: Any) -> int:
        """Kernel values times the places where the kernel is laid: output pixels, input pixels if transposed."""
        name = self._operator_name(operator)
        if name not in KERNEL_INPUT:
            return 0
        values = prod(tensor_shape(self._graph.tensors[self._kernel_place(operator)]))
        output = tensor_shape(self._graph.tensors[operator.outputs[0]])
        if name == "FULLY_CONNECTED":
            return values * prod(output[:-1])
        if name == "TRANSPOSE_CONV":
            _, height, width, _ = tensor_shape(self._graph.tensors[operator.inputs[2]])
        else:
            _, height, width, _ = output
        return values * height * width

    def _stored(self, place: int) -> int | None:
        """The constant tensor at `place`, or the one that a DEQUANTIZE makes it from; None if it is computed."""
        if self._buffer(self._graph.tensors[place]) or place in self.decoded_places:
            return place
        for operator in self._graph.operators:
            if place in operator.outputs and self._operator_name(operator) == "DEQUANTIZE":
                return self._stored(int(operator.inputs[0]))
        return None

    def _buffer(self, tensor: Any) -> bytes:
        buffer = self._model.buffers[tensor.buffer]
        if buffer.data is not None and len(buffer.data):
            return bytes(buffer.data)
        # Large files keep their weights behind the flatbuffer; an offset of 1 is a placeholder.
        if buffer.offset > 1 and buffer.size:
            return self._content[buffer.offset : buffer.offset + buffer.size]
        return b""

    def _has_values(self, tensor: Any) -> bool:
        buffer = self._model.buffers[tensor.buffer]
        return (buffer.data is not None and len(buffer.data) > 0) or (buffer.offset > 1 and buffer.size > 0)

    def _kernel(self, operator: str, place: int) -> Kernel:
        tensor = self._graph.tensors[place]
        dtype, raw, shape = tensor_dtype(tensor), self._buffer(tensor), tensor_shape(tensor)
        if place in self.decoded_places:
            indices, table = (self._buffer(self._graph.tensors[one]) for one in self.decoded_places[place])
            values = from_lookup_table(indices, table, shape, np.dtype(dtype))
        elif dtype == "int4":
            values = _unpacked(raw, prod(shape)).reshape(shape)
        else:
            values = np.frombuffer(raw, dtype=np.dtype(dtype)).reshape(shape)
        scales, axis, zero_point = np.empty(0, dtype=np.float32), None, 0
        quantization = tensor.quantization
        if quantization is not None and quantization.scale is not None:
            scales = np.asarray(quantization.scale, dtype=np.float32)
            if len(scales) > 1:
                axis = int(quantization.quantizedDimension)
            if quantization.zeroPoint is not None and len(quantization.zeroPoint):
                zero_point = int(quantization.zeroPoint[0])
        return Kernel(tensor_name(tensor), operator, values, dtype, scales, axis, zero_point)


def tensor_shape(tensor: Any) -> tuple[int, ...]:
    return tuple(int(side) for side in tensor.shape)


def tensor_dtype(tensor: Any) -> str:
    return enum_names("TensorType")[tensor.type].lower()


def tensor_name(tensor: Any) -> str:
    return tensor.name.decode() if isinstance(tensor.name, bytes) else str(tensor.name)


def _border(tensor: Any) -> EndTensor:
    dtype, quantization = tensor_dtype(tensor), tensor.quantization
    if dtype in FLOATS or quantization is None or quantization.scale is None:
        return EndTensor(tensor_name(tensor), tensor_shape(tensor), dtype)
    return EndTensor(
        tensor_name(tensor), tensor_shape(tensor), dtype, float(quantization.scale[0]), int(quantization.zeroPoint[0])
    )


def _unpacked(raw: bytes, count: int) -> np.ndarray:
    """Two's-complement four-bit values, the low half of each byte first, as int8."""
    packed = np.frombuffer(raw, dtype=np.uint8)
    halves = np.stack([packed & 0x0F, packed >> 4], axis=1).ravel()[:count].astype(np.int8)
    return np.where(halves > 7, halves - 16, halves).astype(np.int8)


@lru_cache(maxsize=2)
def enum_names(enumeration: str) -> dict[int, str]:
    from ai_edge_litert import schema_py_generated as schema

    return {value: name for name, value in vars(getattr(schema, enumeration)).items() if not name.startswith("_")}
