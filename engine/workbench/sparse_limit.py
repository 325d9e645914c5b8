"""How sparse a network can be before its filters have nothing to compute with."""

from __future__ import annotations

import math
from collections.abc import Callable

from engine.contract.errors import NutshellError
from engine.contract.findings import Finding
from engine.graph.layer_graph import LayerGraph
from engine.workbench.step import StepPlace

WITHOUT_KERNEL = ("Dense", "DepthwiseConv2D")
"""Not counted: a sparsity is of convolutions' kernels first of all, and depthwise ones have a few values per filter."""


def too_sparse(graph_of: Callable[[], LayerGraph], sparsity: float, place: StepPlace) -> Finding | None:
    """A warning where fewer weights are left than there are filters, so that most filters are constant."""
    try:
        graph = graph_of()
    except NutshellError:  # Reported elsewhere.
        return None
    layers = [layer for layer in graph.layers if layer.macs and layer.kind not in WITHOUT_KERNEL]
    filters = sum(layer.shape[-1] for layer in layers)
    weights = sum(layer.macs // math.prod(layer.shape[:-1]) for layer in layers)
    left = weights - round(sparsity * weights)
    if left >= filters:
        return None
    most = math.floor(1000 * (1 - filters / weights)) / 1000
    message = (
        f"A sparsity of {sparsity:g} leaves {left:,} of {weights:,} weights to {filters:,} filters, so most filters "
        f"compute nothing; ask for at most {most:g}."
    )
    return place.warning(message, "sparsity", place.set("sparsity", most, f"Set the sparsity to {most:g}"))
