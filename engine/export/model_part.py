"""Cuts a float32 `.tflite` into parts that are files of their own, so that one part can be changed, or run, alone."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.contract.errors import NutshellError
from engine.export.model_packing import packed
from engine.measurement.tflite_graph import enum_names, tensor_dtype, tensor_name, tensor_shape

if TYPE_CHECKING:
    from ai_edge_litert import schema_py_generated as schema

FLOAT_BYTES = 4


@dataclass(frozen=True)
class ModelPart:
    """Some consecutive operators of a file as a file of their own."""

    content: bytes
    inputs: tuple[int, ...]
    """Tensors of the whole file that go in, in the part's order."""
    outputs: tuple[int, ...]
    """And that come out."""


class CutModel:
    """A float32 `.tflite` of one graph, by the places of its operators and tensors."""

    def __init__(self, content: bytes) -> None:
        """
        Raises:
            NutshellError: it has several graphs, or computes in other numbers than float32.
        """
        from ai_edge_litert import schema_py_generated as schema

        self._model: schema.ModelT = schema.ModelT.InitFromPackedBuf(content, 0)
        self._content = content
        if len(self._model.subgraphs) != 1:
            raise NutshellError("The network has loops or branches of its own, so it cannot be cut into layers.")
        self._graph = self._model.subgraphs[0]
        strange = {tensor_dtype(self._graph.tensors[place]) for place in self._computed} - {"float32"}
        if strange:
            raise NutshellError(
                f"The network computes in {', '.join(sorted(strange))}; only one that computes in float32 throughout "
                "can be cut into layers."
            )

    @property
    def image(self) -> int:
        """The tensor that the image goes into."""
        return int(self._graph.inputs[0])

    @property
    def answer(self) -> int:
        """The tensor that the probabilities come from."""
        return int(self._graph.outputs[0])

    @property
    def count(self) -> int:
        """How many operators there are."""
        return len(self._graph.operators)

    def kind(self, number: int) -> str:
        """What an operator is, such as "CONV_2D"."""
        code = self._model.operatorCodes[self._graph.operators[number].opcodeIndex]
        return enum_names("BuiltinOperator")[max(code.builtinCode, code.deprecatedBuiltinCode)]

    def inputs(self, number: int) -> tuple[int, ...]:
        """An operator's tensors, constants included; -1: left out."""
        return tuple(map(int, self._graph.operators[number].inputs))

    def outputs(self, number: int) -> tuple[int, ...]:
        return tuple(map(int, self._graph.operators[number].outputs))

    def activation(self, number: int) -> str:
        """What is fused into an operator, such as "RELU"; "NONE": nothing."""
        fused = getattr(self._graph.operators[number].builtinOptions, "fusedActivationFunction", 0)
        return enum_names("ActivationFunctionType")[fused]

    def options(self, number: int) -> Any:
        """An operator's own settings, such as strides, by the names of TensorFlow Lite's schema."""
        return self._graph.operators[number].builtinOptions

    def name(self, place: int) -> str:
        """A tensor's."""
        return tensor_name(self._graph.tensors[place])

    def shape(self, place: int) -> tuple[int, ...]:
        """A tensor's, the batch of one included."""
        return tensor_shape(self._graph.tensors[place])

    def constant(self, place: int) -> np.ndarray | None:
        """A float32 constant's values; None where the tensor is computed, or in other numbers."""
        tensor = self._graph.tensors[place]
        stored = self._bytes(tensor)
        if not len(stored) or tensor_dtype(tensor) != "float32":
            return None
        return np.frombuffer(stored, np.float32).reshape(self.shape(place))

    def live_before(self, number: int, end: int) -> tuple[int, ...]:
        """The tensors that are there before an operator runs, and that it or a later one before `end` reads.

        Of the part from `number` to `end` these are the inputs; the answer of the part is not among them.
        """
        earlier = {self.image, *(place for one in range(number) for place in self.outputs(one))}
        read = dict.fromkeys(place for one in range(number, end) for place in self.inputs(one))
        return tuple(place for place in read if place in earlier)

    def bytes_of(self, place: int) -> int:
        """What a tensor takes for one image."""
        return FLOAT_BYTES * int(np.prod(self.shape(place)))

    def part(
        self, first: int, end: int, wanted: tuple[int, ...], values: Mapping[int, np.ndarray] | None = None
    ) -> ModelPart:
        """The operators from `first` up to, but without, `end`.

        Args:
            wanted: the tensors that come out, all computed by these operators.
            values: constants that are replaced, float32 in the shape of the old.
        """
        from ai_edge_litert import schema_py_generated as schema

        numbers = range(first, end)
        inputs = self.live_before(first, end)
        used = dict.fromkeys(
            place for one in numbers for place in (*self.inputs(one), *self.outputs(one)) if place >= 0
        )
        places = {place: number for number, place in enumerate(dict.fromkeys((*inputs, *used)))}
        part, graph = copy(self._model), copy(self._graph)
        part.buffers, graph.tensors, graph.operators = [schema.BufferT()], [], []
        for place in places:
            tensor = copy(self._graph.tensors[place])
            stored = self._bytes(tensor)
            replaced = (values or {}).get(place)
            if replaced is not None:
                stored = np.frombuffer(np.ascontiguousarray(replaced, np.float32).tobytes(), np.uint8)
            tensor.buffer = 0
            if len(stored):
                tensor.buffer = len(part.buffers)
                part.buffers.append(schema.BufferT())
                part.buffers[-1].data = stored
            graph.tensors.append(tensor)
        for one in numbers:
            operator = copy(self._graph.operators[one])
            operator.inputs = [places.get(place, -1) for place in self.inputs(one)]
            operator.outputs = [places[place] for place in self.outputs(one)]
            graph.operators.append(operator)
        graph.inputs, graph.outputs = [places[place] for place in inputs], [places[place] for place in wanted]
        part.subgraphs = [graph]
        # What describes the whole file says nothing of a part, and names buffers that are not in it.
        part.metadata, part.metadataBuffer, part.signatureDefs = [], [], []
        return ModelPart(packed(part), inputs, wanted)

    @cached_property
    def _computed(self) -> frozenset[int]:
        return frozenset({self.image, *(place for one in range(self.count) for place in self.outputs(one))})

    def _bytes(self, tensor: Any) -> np.ndarray:
        buffer = self._model.buffers[tensor.buffer]
        if buffer.data is not None and len(buffer.data):
            return np.asarray(buffer.data, np.uint8)
        if buffer.offset > 1 and buffer.size:
            return np.frombuffer(self._content, np.uint8, buffer.size, buffer.offset)
        return np.empty(0, np.uint8)
