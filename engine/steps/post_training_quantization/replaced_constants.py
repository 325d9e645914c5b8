"""Puts other kernels and biases into a float32 `.tflite`."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy

import numpy as np

from engine.export.model_packing import packed

Place = tuple[int, int]
"""An operator, by its number in the file, and which of its inputs."""


def with_constants(float32: bytes, values: Mapping[Place, np.ndarray]) -> bytes:
    """The file with these constants for those that the operators have; what several operators share is copied first.

    Args:
        float32: a file of one subgraph.
        values: float32, in the shape of the constant that each takes the place of.
    """
    from ai_edge_litert import schema_py_generated as schema

    model: schema.ModelT = schema.ModelT.InitFromPackedBuf(float32, 0)
    graph = model.subgraphs[0]
    for (number, slot), replacement in values.items():
        operator = graph.operators[number]
        place = int(operator.inputs[slot])
        tensor = graph.tensors[place]
        if sum(list(other.inputs).count(place) for other in graph.operators) > 1:
            tensor = copy(tensor)
            tensor.name = graph.tensors[operator.outputs[0]].name + f"/{slot}".encode()
            graph.tensors.append(tensor)
            operator.inputs = [*operator.inputs[:slot], len(graph.tensors) - 1, *operator.inputs[slot + 1 :]]
        if sum(other.buffer == tensor.buffer for other in graph.tensors) > 1:
            tensor.buffer = len(model.buffers)
            model.buffers.append(schema.BufferT())
        stored = np.ascontiguousarray(replacement, np.float32)
        model.buffers[tensor.buffer].data = np.frombuffer(stored.tobytes(), np.uint8)
    return packed(model)
