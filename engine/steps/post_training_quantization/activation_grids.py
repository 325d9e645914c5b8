"""The integers on which a quantised file computes its activations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

LIMITS: Mapping[str, tuple[int, int]] = {"int8": (-(2**7), 2**7 - 1), "int16": (-(2**15), 2**15 - 1)}


@dataclass(frozen=True)
class ActivationGrid:
    """One tensor's."""

    scale: float
    zero_point: int
    limits: tuple[int, int]

    def rounded(self, values: np.ndarray) -> np.ndarray:
        """The real values that the integers stand for, float32."""
        integers = np.clip(np.rint(values / self.scale) + self.zero_point, *self.limits)
        return ((integers - self.zero_point) * self.scale).astype(np.float32)


def activation_grids(quantised: bytes) -> dict[str, ActivationGrid]:
    """Tensor name → grid, of all tensors of a `.tflite` that are integers with one scale."""
    from ai_edge_litert import schema_py_generated as schema

    types = {getattr(schema.TensorType, name.upper()): limits for name, limits in LIMITS.items()}
    found = {}
    for tensor in schema.ModelT.InitFromPackedBuf(quantised, 0).subgraphs[0].tensors:
        quantization = tensor.quantization
        if tensor.type in types and quantization is not None and np.size(quantization.scale) == 1:
            grid = ActivationGrid(float(quantization.scale[0]), int(quantization.zeroPoint[0]), types[tensor.type])
            found[tensor.name.decode()] = grid
    return found
