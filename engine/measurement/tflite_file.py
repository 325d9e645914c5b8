"""What a `.tflite` file stores and computes, in figures: zeros, distinct values, number types, MACs."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path

from engine.contract.errors import NutshellError
from engine.measurement.tflite_graph import EndTensor, Kernel, Operator, TfliteGraph

IDENTIFIER = b"TFL3"
"""At byte 4 of every `.tflite`."""


@dataclass(frozen=True)
class TfliteFile:
    """One `.tflite`, read without running it."""

    operators: tuple[Operator, ...]
    """All, in order, those that only change number types included."""
    kernels: tuple[Kernel, ...] = field(repr=False)
    """One a layer with weights, in order."""
    input: EndTensor
    """The image, (1, height, width, channels)."""
    output: EndTensor
    """Probabilities, (1, classes) or (1, 1)."""

    @classmethod
    def read(cls, path: Path) -> TfliteFile:
        """Raises: NutshellError, where the file cannot be read or is no `.tflite`."""
        try:
            content = path.read_bytes()
        except OSError as error:
            raise NutshellError(f"{path} cannot be read ({error.strerror}); check that it is there.") from None
        return cls.parse(content, path.name)

    @classmethod
    def parse(cls, content: bytes, name: str = "The file") -> TfliteFile:
        """The file with these bytes; `name` is what errors call it.

        Raises:
            NutshellError: it is no `.tflite`.
        """
        if content[4:8] != IDENTIFIER:
            raise NutshellError(f"{name} is no .tflite file; make it again.")
        try:
            graph = TfliteGraph(content)
            return cls(graph.operators(), graph.kernels(), graph.input(), graph.output())
        # The reader of flatbuffers trusts every offset; a wrong one leads to any of these.
        except (struct.error, LookupError, TypeError, ValueError, AttributeError, ArithmeticError, MemoryError):
            raise NutshellError(f"{name} is a damaged .tflite file; make it again.") from None

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(1, height, width, channels)."""
        return self.input.shape

    @property
    def input_dtype(self) -> str:
        return self.input.dtype

    @property
    def output_dtype(self) -> str:
        return self.output.dtype

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
