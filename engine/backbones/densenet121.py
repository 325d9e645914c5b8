"""DenseNet-121 (Huang et al. 2017, arXiv:1608.06993, table 1), its layers named as in `tf_keras.applications`."""

from __future__ import annotations

from typing import ClassVar

from engine.backbones.backbone import Backbone
from engine.graph.graph_builder import GraphBuilder
from engine.graph.layer_graph import Tensor

EPSILON = 1.001e-5
BLOCKS = (6, 12, 24, 16)
"""Layers of each dense block."""
GROWTH = 32
"""Channels that a layer adds to those before it (the paper's k)."""
BOTTLENECK = 4
"""Channels of the 1×1 convolution over those of the 3×3 after it (DenseNet-B)."""
KEPT_SHARE = 0.5
"""Of the channels, behind a dense block (DenseNet-BC)."""


class DenseNet121(Backbone):
    """For small images the first convolution is 3×3 of stride 1, without a pooling behind it."""

    key: ClassVar[str] = "densenet121"
    title: ClassVar[str] = "DenseNet-121"
    paper: ClassVar[str] = "Huang et al. 2017"
    published_scale: ClassVar[str] = "imagenet_rgb"

    def base(self, builder: GraphBuilder) -> Tensor:
        x = _stem(builder, builder.filters(2 * GROWTH))
        growth = builder.filters(GROWTH)
        for stage, layers in enumerate(BLOCKS, start=2):
            if stage > 2:
                x = _transition(builder, x, f"pool{stage - 1}")
            for layer in range(1, layers + 1):
                x = _dense_layer(builder, x, growth, f"conv{stage}_block{layer}")
        return builder.relu(builder.batch_norm(x, "bn", EPSILON), "relu")


def _stem(builder: GraphBuilder, filters: int) -> Tensor:
    """7×7 of stride 2 and pooling; for small images one 3×3."""
    if builder.cifar_stem:
        x = builder.conv(builder.input, filters, 3, "conv1/conv")
        return builder.relu(builder.batch_norm(x, "conv1/bn", EPSILON), "conv1/relu")
    x = builder.zero_pad(builder.input, (3, 3), (3, 3), "conv1/pad")
    x = builder.conv(x, filters, 7, "conv1/conv", strides=2, padding="valid")
    x = builder.relu(builder.batch_norm(x, "conv1/bn", EPSILON), "conv1/relu")
    return builder.max_pool(builder.zero_pad(x, (1, 1), (1, 1), "pool1_pad"), 3, "pool1", strides=2)


def _dense_layer(builder: GraphBuilder, x: Tensor, growth: int, name: str) -> Tensor:
    """Normalise, activate, 1×1; the same with 3×3; its channels come behind those of `x` (equation 2)."""
    y = builder.relu(builder.batch_norm(x, f"{name}_0_bn", EPSILON), f"{name}_0_relu")
    y = builder.conv(y, BOTTLENECK * growth, 1, f"{name}_1_conv")
    y = builder.relu(builder.batch_norm(y, f"{name}_1_bn", EPSILON), f"{name}_1_relu")
    return builder.concatenate((x, builder.conv(y, growth, 3, f"{name}_2_conv")), f"{name}_concat")


def _transition(builder: GraphBuilder, x: Tensor, name: str) -> Tensor:
    """Half of the channels at half the resolution."""
    y = builder.relu(builder.batch_norm(x, f"{name}_bn", EPSILON), f"{name}_relu")
    y = builder.conv(y, max(1, int(KEPT_SHARE * x.shape[-1])), 1, f"{name}_conv")
    return builder.average_pool(y, 2, f"{name}_pool")
