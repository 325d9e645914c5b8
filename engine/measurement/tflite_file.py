"""Reads what a `.tflite` file stores and computes: kernels, zeros, distinct values, number types, MACs."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from engine.contract.errors import NutshellError

KERNEL_INPUT = {"CONV_2D": 1, "DEPTHWISE_CONV_2D": 1, "FULLY_CONNECTED": 1, "TRANSPOSE_CONV": 1}
"""Operators that have a kernel, and which of their inputs it is."""
BORDER_OPERATORS = frozenset({"QUANTIZE", "DEQUANTIZE"})
"""They change number types and compute nothing."""
_DTYPES: dict[str, Any] = {
    "FLOAT32": np.float32,
    "FLOAT16": np.float16,
    "INT8": np.int8,
    "INT16": np.int16,
    "INT32": np.int32,
    "UINT8": np.uint8,
    "INT64": np.int64,
}


@dataclass(frozen=True)
class Kernel:
    """The weights of one convolution or dense layer, as stored."""

    name: str
    operator: str
    values: np.ndarray
    """In the file's own shape and numbers, not dequantised; int4 as int8."""
    dtype: str
    """Such as "float32", "float16", "int8", "int4"."""
    channel_axis: int | None
    """The axis along which each part has a scale of its own; None: one scale for all, or none."""
    zero_point: int

    @property
    def size(self) -> int:
        return int(self.values.size)

    @property
    def zeros(self) -> int:
        """Values that stand for exactly zero."""
        return int(np.count_nonzero(self.values == self.zero_point))

    @property
    def unique_values(self) -> int:
        """Distinct values; the most in one channel where each channel has its own scale."""
        if self.channel_axis is None:
            return len(np.unique(self.values))
        channels = np.moveaxis(self.values, self.channel_axis, 0)
        return max(len(np.unique(channel)) for channel in channels)


@dataclass(frozen=True)
class Operator:
    """One operator of the graph."""

    name: str
    computes_in_float: bool
    """Whether its activations are floats; so for the hybrid operators of dynamic range too."""
    macs: int
    """Multiply-accumulates for one image."""


class TfliteFile:
    """One `.tflite`, parsed."""

    def __init__(self, model: Any, content: bytes) -> None:
        self._model = model
        self._content = content
        self._graph = model.subgraphs[0]

    @classmethod
    def read(cls, path: Path) -> TfliteFile:
        """Raises: NutshellError, where the file cannot be read or is no `.tflite`."""
        try:
            return cls.parse(path.read_bytes(), path.name)
        except OSError as error:
            raise NutshellError(f"{path} cannot be read ({error.strerror}).") from None

    @classmethod
    def parse(cls, content: bytes, name: str = "The file") -> TfliteFile:
        """Raises: NutshellError, where it is no `.tflite`."""
        from ai_edge_litert import schema_py_generated as schema

        if content[4:8] != b"TFL3":
            raise NutshellError(f"{name} is no .tflite file; make it again.")
        try:
            return cls(schema.ModelT.InitFromPackedBuf(content, 0), content)
        except (struct.error, IndexError, TypeError, ValueError, AttributeError):
            raise NutshellError(f"{name} is a damaged .tflite file; make it again.") from None

    @cached_property
    def operators(self) -> tuple[Operator, ...]:
        """All operators in order, those that only change number types included."""
        return tuple(
            Operator(self._operator_name(operator), self._computes_in_float(operator), self._macs(operator))
            for operator in self._graph.operators
        )

    @cached_property
    def kernels(self) -> tuple[Kernel, ...]:
        """One a layer with weights; a kernel that is stored small and widened by a DEQUANTIZE is seen as stored."""
        found = []
        for operator in self._graph.operators:
            name = self._operator_name(operator)
            if name in KERNEL_INPUT:
                tensor = self._stored(int(operator.inputs[KERNEL_INPUT[name]]))
                if tensor is not None:
                    found.append(self._kernel(name, tensor))
        return tuple(found)

    @property
    def kernel_values(self) -> int:
        return sum(kernel.size for kernel in self.kernels)

    @property
    def zero_kernel_values(self) -> int:
        return sum(kernel.zeros for kernel in self.kernels)

    @property
    def sparsity_fraction(self) -> float:
        """Zeros among all kernel values, 0 to 1."""
        return self.zero_kernel_values / max(self.kernel_values, 1)

    @property
    def unique_weights(self) -> int:
        """The most distinct values in one kernel (one channel, where channels have scales of their own)."""
        return max((kernel.unique_values for kernel in self.kernels), default=0)

    @property
    def weight_dtypes(self) -> tuple[str, ...]:
        """The number types of the kernels, sorted."""
        return tuple(sorted({kernel.dtype for kernel in self.kernels}))

    @property
    def float_operators(self) -> int:
        """How many operators compute in floating point."""
        return sum(operator.computes_in_float for operator in self.operators)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of convolutions and dense layers for one image."""
        return sum(operator.macs for operator in self.operators)

    def _operator_name(self, operator: Any) -> str:
        code = self._model.operatorCodes[operator.opcodeIndex]
        return _enum_names("BuiltinOperator")[max(code.builtinCode, code.deprecatedBuiltinCode)]

    def _computes_in_float(self, operator: Any) -> bool:
        if self._operator_name(operator) in BORDER_OPERATORS:
            return False
        outputs = {self._dtype(self._graph.tensors[i]) for i in operator.outputs}
        return bool(outputs & {"float32", "float16"})

    def _macs(self, operator: Any) -> int:
        name = self._operator_name(operator)
        if name not in KERNEL_INPUT:
            return 0
        kernel = prod(self._graph.tensors[operator.inputs[KERNEL_INPUT[name]]].shape)
        output = [int(side) for side in self._graph.tensors[operator.outputs[0]].shape]
        if name == "FULLY_CONNECTED":
            return int(kernel) * (prod(output[:-1]) or 1)
        if name == "TRANSPOSE_CONV":
            source = self._graph.tensors[operator.inputs[2]].shape
            return int(kernel) * int(source[1]) * int(source[2])
        return int(kernel) * output[1] * output[2]

    def _stored(self, place: int) -> Any | None:
        """The constant tensor at `place`, or the one that a DEQUANTIZE makes it from."""
        tensor = self._graph.tensors[place]
        if self._buffer(tensor):
            return tensor
        for operator in self._graph.operators:
            if place in operator.outputs and self._operator_name(operator) == "DEQUANTIZE":
                return self._stored(int(operator.inputs[0]))
        return None

    def _buffer(self, tensor: Any) -> bytes:
        buffer = self._model.buffers[tensor.buffer]
        if buffer.data is not None and len(buffer.data):
            return bytes(buffer.data)
        # Large files keep their weights behind the flatbuffer.
        if buffer.offset and buffer.size:
            return self._content[buffer.offset : buffer.offset + buffer.size]
        return b""

    def _dtype(self, tensor: Any) -> str:
        return _enum_names("TensorType")[tensor.type].lower()

    def _kernel(self, operator: str, tensor: Any) -> Kernel:
        dtype, raw, shape = self._dtype(tensor), self._buffer(tensor), tuple(int(side) for side in tensor.shape)
        if dtype == "int4":
            values = _unpacked(raw, prod(shape)).reshape(shape)
        else:
            values = np.frombuffer(raw, dtype=_DTYPES[dtype.upper()]).reshape(shape)
        axis, zero_point = None, 0
        quantization = tensor.quantization
        if quantization is not None and quantization.scale is not None:
            if len(quantization.scale) > 1:
                axis = int(quantization.quantizedDimension)
            if quantization.zeroPoint is not None and len(quantization.zeroPoint):
                zero_point = int(quantization.zeroPoint[0])
        name = tensor.name.decode() if isinstance(tensor.name, bytes) else str(tensor.name)
        return Kernel(name, operator, values, dtype, axis, zero_point)


def _unpacked(raw: bytes, count: int) -> np.ndarray:
    """Two's-complement four-bit values, the low half of each byte first, as int8."""
    packed = np.frombuffer(raw, dtype=np.uint8)
    halves = np.stack([packed & 0x0F, packed >> 4], axis=1).ravel()[:count].astype(np.int8)
    return np.where(halves > 7, halves - 16, halves).astype(np.int8)


@lru_cache(maxsize=2)
def _enum_names(enumeration: str) -> dict[int, str]:
    from ai_edge_litert import schema_py_generated as schema

    return {value: name for name, value in vars(getattr(schema, enumeration)).items() if not name.startswith("_")}
