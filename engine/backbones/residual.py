"""The parts that residual networks share (He et al. 2016, arXiv:1512.03385)."""

from __future__ import annotations

from engine.backbones.graph import GraphBuilder, Tensor

CIFAR_STEM_BELOW = 64
"""Pixels: smaller images get one 3×3 convolution in place of the 7×7 and the pooling, as on CIFAR."""


def residual_stem(builder: GraphBuilder, filters: int = 64) -> Tensor:
    """The first convolution (and pooling, for images of at least 64 pixels)."""
    filters = builder.filters(filters)
    x = builder.input
    small = min(x.shape[:2]) < CIFAR_STEM_BELOW
    x = builder.conv(x, filters, 3 if small else 7, "stem_conv", strides=1 if small else 2)
    x = builder.relu(builder.batch_norm(x, "stem_bn"), "stem_relu")
    return x if small else builder.max_pool(x, 3, "stem_pool", strides=2, padding="same")


def basic_block(builder: GraphBuilder, x: Tensor, filters: int, strides: int, name: str) -> Tensor:
    """Two 3×3 convolutions and a shortcut; a 1×1 projection where the shape changes. Begins as the shortcut alone."""
    y = builder.conv(x, filters, 3, f"{name}_conv1", strides=strides)
    y = builder.relu(builder.batch_norm(y, f"{name}_bn1"), f"{name}_relu1")
    y = builder.conv(y, filters, 3, f"{name}_conv2")
    y = builder.batch_norm(y, f"{name}_bn2", ends_branch=True)
    if strides != 1 or x.shape[-1] != filters:
        x = builder.conv(x, filters, 1, f"{name}_shortcut_conv", strides=strides)
        x = builder.batch_norm(x, f"{name}_shortcut_bn")
    return builder.relu(builder.add(x, y, f"{name}_add"), f"{name}_relu2")
