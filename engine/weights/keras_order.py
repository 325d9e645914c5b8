"""The order of a graph's layers as Keras has it, which files without layer names go by. No TensorFlow."""

from __future__ import annotations

from engine.graph.layer_graph import Layer, LayerGraph


def in_keras_order(graph: LayerGraph) -> tuple[Layer, ...]:
    """By the longest way to the output, longest first; where it is equal, as met on the way back from the output."""
    by_name = {layer.name: layer for layer in graph.layers}
    to_output = dict.fromkeys(by_name, 0)
    for layer in reversed(graph.layers):
        for name in layer.inputs:
            to_output[name] = max(to_output[name], to_output[layer.name] + 1)
    met: dict[str, int] = {}
    waiting = [graph.layers[-1].name]
    while waiting:
        name = waiting.pop()
        if name not in met:
            met[name] = len(met)
            waiting.extend(reversed(by_name[name].inputs))
    return tuple(sorted(graph.layers, key=lambda layer: (-to_output[layer.name], met[layer.name])))
