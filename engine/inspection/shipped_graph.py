"""The operators and tensors of a `.tflite` by their numbers, with constants as the real values they stand for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from engine.measurement.tflite_graph import (
    FLOATS,
    Kernel,
    TfliteGraph,
    enum_names,
    tensor_dtype,
    tensor_name,
    tensor_shape,
)

ABSENT = -1
"""An operator's input that is left out."""


@dataclass(frozen=True)
class Computation:
    """One operator of the file."""

    number: int
    """Its place in the file's order, from 0."""
    kind: str
    """Such as "CONV_2D"."""
    inputs: tuple[int, ...]
    """Numbers of tensors; -1: left out."""
    outputs: tuple[int, ...]
    fused: str
    """The activation that it applies to its own output, such as "RELU"; "NONE": none."""
    options: Any = field(repr=False, compare=False)
    """As the schema has them: strides, padding and so on; None: it has none."""


class ShippedGraph(TfliteGraph):
    """One `.tflite`, tensor by tensor. A tensor's number is the one that an interpreter knows it by."""

    @cached_property
    def computations(self) -> tuple[Computation, ...]:
        """All operators, in order: each after those whose outputs it takes."""
        return tuple(
            Computation(
                number,
                self._operator_name(operator),
                tuple(int(place) for place in operator.inputs),
                tuple(int(place) for place in operator.outputs),
                enum_names("ActivationFunctionType")[getattr(operator.builtinOptions, "fusedActivationFunction", 0)],
                operator.builtinOptions,
            )
            for number, operator in enumerate(self._graph.operators)
        )

    @property
    def image(self) -> int:
        """The tensor that the image goes into."""
        return int(self._graph.inputs[0])

    @property
    def answer(self) -> int:
        """The tensor that the probabilities come from."""
        return int(self._graph.outputs[0])

    def producer(self, place: int) -> Computation | None:
        """What computes a tensor; None: it is constant, or the image."""
        return self._producers.get(place)

    def consumers(self, place: int) -> tuple[Computation, ...]:
        return tuple(one for one in self.computations if place in one.inputs)

    def shape(self, place: int) -> tuple[int, ...]:
        return tensor_shape(self._graph.tensors[place])

    def dtype(self, place: int) -> str:
        """Such as "int8"."""
        return tensor_dtype(self._graph.tensors[place])

    def name(self, place: int) -> str:
        return tensor_name(self._graph.tensors[place])

    def is_constant(self, place: int) -> bool:
        """Whether a tensor is stored in the file, or is a DEQUANTIZE of one that is."""
        return place == ABSENT or self._stored(place) is not None

    def constant(self, place: int) -> Kernel | None:
        """A stored tensor, through the DEQUANTIZE that widens it; None: it is computed, or left out."""
        stored = None if place == ABSENT else self._stored(place)
        return None if stored is None else self._kernel("", stored)

    def buffer_of(self, place: int) -> int:
        """The number of the buffer that a constant is stored in, before a DEQUANTIZE; 0, which is empty: in none."""
        stored = None if place == ABSENT else self._stored(place)
        return 0 if stored is None else int(self._graph.tensors[stored].buffer)

    def real(self, place: int, stored: np.ndarray) -> np.ndarray:
        """What a computed tensor's stored values stand for: scale · (value − zero point), float32 in their shape.

        Trad et al. 2022, r = S(q − Z); activations have one scale each.
        """
        quantization = self._graph.tensors[place].quantization
        if self.dtype(place) in FLOATS or quantization is None or quantization.scale is None:
            return stored.astype(np.float32)
        zero_point = int(quantization.zeroPoint[0]) if quantization.zeroPoint is not None else 0
        return (stored.astype(np.float32) - zero_point) * np.float32(quantization.scale[0])

    def step(self, place: int) -> float:
        """How far two neighbouring stored values of a computed tensor lie apart; 0.0 of floats."""
        quantization = self._graph.tensors[place].quantization
        if self.dtype(place) in FLOATS or quantization is None or quantization.scale is None:
            return 0.0
        return float(quantization.scale[0])

    @property
    def metadata_buffers(self) -> set[int]:
        """The numbers of the buffers that hold metadata and no weights."""
        return {int(entry.buffer) for entry in self._model.metadata or ()}

    @cached_property
    def _producers(self) -> dict[int, Computation]:
        return {place: one for one in self.computations for place in one.outputs}
