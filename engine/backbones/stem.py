"""The first layers that most networks share: 7×7 and pooling, which divide the resolution by four, or 3×3 on CIFAR."""

from __future__ import annotations

from engine.graph.graph_builder import GraphBuilder
from engine.graph.layer_graph import Tensor


def stem_conv(builder: GraphBuilder, filters: int, name: str, *, use_bias: bool = False) -> Tensor:
    """A 7×7 convolution of stride 2 over the images; for small ones 3×3 of stride 1."""
    kernel, strides = (3, 1) if builder.cifar_stem else (7, 2)
    return builder.conv(builder.input, filters, kernel, name, strides=strides, use_bias=use_bias)


def stem_pool(builder: GraphBuilder, x: Tensor, name: str) -> Tensor:
    """Max-pooling by two; for small images `x` as it is."""
    return x if builder.cifar_stem else builder.max_pool(x, 3, name, strides=2, padding="same")
