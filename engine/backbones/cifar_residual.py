"""The residual networks for CIFAR (He et al. 2016, arXiv:1512.03385, section 4.2): 6n + 2 layers of 16, 32, 64 filters.

Shortcuts have no weights (the paper's option A): where a stage halves the resolution, its shortcut takes every second
pixel and adds channels of zeros. Those are split between the front and the back, as most implementations have it.
"""

from __future__ import annotations

from engine.backbones.stem import stem_conv, stem_pool
from engine.graph.graph_builder import GraphBuilder
from engine.graph.layer_graph import Tensor


def cifar_residual_base(builder: GraphBuilder, blocks: int) -> Tensor:
    """A 3×3 convolution and three stages of `blocks` basic blocks each (the paper's n).

    Images with a side of 64 pixels or more get a stem of 7×7 and pooling, which divides their resolution by four.
    """
    x = builder.batch_norm(stem_conv(builder, builder.filters(16), "stem_conv"), "stem_bn")
    x = stem_pool(builder, builder.relu(x, "stem_relu"), "stem_pool")
    for stage, filters in enumerate((16, 32, 64), start=1):
        for block in range(1, blocks + 1):
            strides = 2 if stage > 1 and block == 1 else 1
            x = _block(builder, x, builder.filters(filters), strides, f"stage{stage}_block{block}")
    return x


def _block(builder: GraphBuilder, x: Tensor, filters: int, strides: int, name: str) -> Tensor:
    """Two 3×3 convolutions and a shortcut. Begins as the shortcut alone, unless that has channels of zeros: a channel
    whose branch is zero too would be zero after its ReLU, without a gradient to begin from."""
    padded = x.shape[-1] != filters
    y = builder.conv(x, filters, 3, f"{name}_conv1", strides=strides)
    y = builder.relu(builder.batch_norm(y, f"{name}_bn1"), f"{name}_relu1")
    y = builder.conv(y, filters, 3, f"{name}_conv2")
    y = builder.batch_norm(y, f"{name}_bn2", ends_branch=not padded)
    if strides != 1:
        x = builder.max_pool(x, 1, f"{name}_shortcut_subsample", strides=strides)
    if padded:
        x = _pad_channels(builder, x, filters, f"{name}_shortcut")
    return builder.relu(builder.add(x, y, f"{name}_add"), f"{name}_relu2")


def _pad_channels(builder: GraphBuilder, x: Tensor, channels: int, name: str) -> Tensor:
    """Channels of zeros before and after those of `x`.

    A padding of rows and columns, for which the channels stand as columns: so only layers that quantisation-aware
    training and TensorFlow Lite know are needed.
    """
    height, width, given = x.shape
    before = (channels - given) // 2
    x = builder.reshape(x, (height * width, given, 1), f"{name}_columns")
    x = builder.zero_pad(x, (0, 0), (before, channels - given - before), f"{name}_pad")
    return builder.reshape(x, (height, width, channels), f"{name}_channels")
