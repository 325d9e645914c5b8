"""In which numbers the file of a scheme will store and compute, before there is one."""

from __future__ import annotations

from engine.contract.runtime import FileForm
from engine.graph.layer_graph import LayerGraph
from engine.steps.post_training_quantization.parameters import INTEGER, PostTrainingQuantizationParameters

TINY_KERNEL_PARAMETERS = 1024
"""Layers of fewer stay in floats under dynamic range."""


def planned_form(parameters: PostTrainingQuantizationParameters, graph: LayerGraph) -> FileForm:
    """Without types where the step chooses the scheme of each layer by what it measures."""
    if parameters.chooses:
        return FileForm(frozenset(), activation_bytes=1)
    scheme: str = parameters.scheme
    schemes = set(parameters.patterns.values()) if scheme == "mixed" else {scheme}
    large = any(layer.macs and layer.parameters >= TINY_KERNEL_PARAMETERS for layer in graph.layers)
    types = {"dynamic_range": "int8" if large else "float32", "int16x8": "int8"}
    activation_bytes = 1 if "int8" in schemes else 2 if scheme == "int16x8" else 4
    return FileForm(
        weights=frozenset(types.get(one, one) for one in schemes),
        hybrid="dynamic_range" in schemes and large,
        activation_bytes=activation_bytes,
        ends_bytes=activation_bytes if scheme in INTEGER and not parameters.float_io else 4,
    )
