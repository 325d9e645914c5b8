"""Runs a float32 `.tflite` image by image and shows what each of its operators computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.measurement.interpreter import load_interpreter

if TYPE_CHECKING:
    from ai_edge_litert import schema_py_generated as schema

THREADS = 2


class ObservedNetwork:
    """An interpreter that keeps the values of its activations: of its input and every operator's output."""

    def __init__(self, float32: bytes) -> None:
        places = _activation_places(float32)
        self._interpreter = load_interpreter(float32, THREADS, keep_all=True)
        details = self._interpreter.get_tensor_details()
        self._names = {detail["index"]: detail["name"] for detail in details if detail["index"] in places}
        self._input: int = self._interpreter.get_input_details()[0]["index"]
        self.input_name: str = self._names[self._input]

    def activations(self, image: np.ndarray) -> list[tuple[str, np.ndarray]]:
        """Name and float32 values of each activation for one float32 image (height, width, channels)."""
        self._interpreter.set_tensor(self._input, image[None])
        self._interpreter.invoke()
        return [(name, self._interpreter.get_tensor(place)) for place, name in self._names.items()]


def _activation_places(content: bytes) -> set[int]:
    """Which tensors of the graph are its inputs or are computed by an operator."""
    from ai_edge_litert import schema_py_generated as schema

    graph: schema.SubGraph = schema.Model.GetRootAs(content, 0).Subgraphs(0)
    computed = [graph.Operators(number).OutputsAsNumpy() for number in range(graph.OperatorsLength())]
    return {int(place) for places in (graph.InputsAsNumpy(), *computed) for place in places}
