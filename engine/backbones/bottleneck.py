"""The parts that residual networks of bottleneck blocks share (He et al. 2016, arXiv:1512.03385, section 4.1).

Names, paddings, biases and strides are those of `tf_keras.applications`, so that its weights files match: the stride
is in the first 1×1 convolution of a stage.
"""

from __future__ import annotations

from engine.graph.graph_builder import GraphBuilder
from engine.graph.layer_graph import Tensor

EPSILON = 1.001e-5
EXPANSION = 4
"""Channels of a block's output over those of its 3×3 convolution."""


def bottleneck_base(builder: GraphBuilder, blocks: tuple[int, ...]) -> Tensor:
    """A stem, then stages of 64, 128, 256, 512 filters (four times as many channels) with so many blocks each."""
    x = _stem(builder, builder.filters(64))
    for stage, (filters, count) in enumerate(zip((64, 128, 256, 512), blocks, strict=True), start=2):
        for block in range(1, count + 1):
            strides = 2 if stage > 2 and block == 1 else 1
            x = _block(builder, x, builder.filters(filters), strides, block == 1, f"conv{stage}_block{block}")
    return x


def _stem(builder: GraphBuilder, filters: int) -> Tensor:
    """7×7 of stride 2 and pooling; for small images one 3×3."""
    if builder.cifar_stem:
        x = builder.conv(builder.input, filters, 3, "conv1_conv", use_bias=True)
        return builder.relu(builder.batch_norm(x, "conv1_bn", EPSILON), "conv1_relu")
    x = builder.zero_pad(builder.input, (3, 3), (3, 3), "conv1_pad")
    x = builder.conv(x, filters, 7, "conv1_conv", strides=2, padding="valid", use_bias=True)
    x = builder.relu(builder.batch_norm(x, "conv1_bn", EPSILON), "conv1_relu")
    return builder.max_pool(builder.zero_pad(x, (1, 1), (1, 1), "pool1_pad"), 3, "pool1_pool", strides=2)


def _block(builder: GraphBuilder, x: Tensor, filters: int, strides: int, project: bool, name: str) -> Tensor:
    """1×1, 3×3, 1×1 and a shortcut, which the first block of a stage projects. Begins as the shortcut alone."""
    shortcut = x
    if project:
        shortcut = builder.conv(x, EXPANSION * filters, 1, f"{name}_0_conv", strides=strides, use_bias=True)
        shortcut = builder.batch_norm(shortcut, f"{name}_0_bn", EPSILON)
    y = builder.conv(x, filters, 1, f"{name}_1_conv", strides=strides, use_bias=True)
    y = builder.relu(builder.batch_norm(y, f"{name}_1_bn", EPSILON), f"{name}_1_relu")
    y = builder.conv(y, filters, 3, f"{name}_2_conv", use_bias=True)
    y = builder.relu(builder.batch_norm(y, f"{name}_2_bn", EPSILON), f"{name}_2_relu")
    y = builder.conv(y, EXPANSION * filters, 1, f"{name}_3_conv", use_bias=True)
    y = builder.batch_norm(y, f"{name}_3_bn", EPSILON, ends_branch=True)
    return builder.relu(builder.add(shortcut, y, f"{name}_add"), f"{name}_out")
