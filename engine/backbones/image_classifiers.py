"""The residual networks of the package image-classifiers, which normalise and activate before each convolution.

As https://github.com/qubvel/classification_models has them (He et al. 2016, arXiv:1603.05027): the first layer
normalises the images, which are fed from 0 to 255, and all layers have the names in its files.
"""

from __future__ import annotations

from engine.graph.graph_builder import GraphBuilder
from engine.graph.layer_graph import Tensor
from engine.graph.layout import Layout

EXPANSION = 4
IMAGE_CLASSIFIERS = Layout(
    "image-classifiers", pads_evenly=True, epsilon=2e-5, small_stem=False, scale="bytes", head="fc1"
)


def preactivated_base(builder: GraphBuilder, blocks: tuple[int, ...], bottleneck: bool) -> Tensor:
    """A stem, then stages of 64, 128, 256, 512 filters with so many blocks each."""
    x = builder.batch_norm(builder.input, "bn_data", scale=False)
    x = builder.conv(x, builder.filters(64), 7, "conv0", strides=2)
    x = builder.max_pool(_activated(builder, x, "bn0", "relu0"), 3, "pooling0", strides=2, padding="same")
    add_block = _bottleneck if bottleneck else _basic
    for stage, (filters, count) in enumerate(zip((64, 128, 256, 512), blocks, strict=True), start=1):
        for unit in range(1, count + 1):
            strides = 2 if stage > 1 and unit == 1 else 1
            x = add_block(builder, x, builder.filters(filters), strides, unit == 1, f"stage{stage}_unit{unit}_")
    return _activated(builder, x, "bn1", "relu1")


def _basic(builder: GraphBuilder, x: Tensor, filters: int, strides: int, project: bool, name: str) -> Tensor:
    y = _activated(builder, x, f"{name}bn1", f"{name}relu1")
    shortcut = builder.conv(y, filters, 1, f"{name}sc", strides=strides) if project else x
    y = builder.conv(y, filters, 3, f"{name}conv1", strides=strides)
    y = builder.conv(_activated(builder, y, f"{name}bn2", f"{name}relu2"), filters, 3, f"{name}conv2")
    return builder.add(shortcut, y, f"{name}add")


def _bottleneck(builder: GraphBuilder, x: Tensor, filters: int, strides: int, project: bool, name: str) -> Tensor:
    y = _activated(builder, x, f"{name}bn1", f"{name}relu1")
    shortcut = builder.conv(y, EXPANSION * filters, 1, f"{name}sc", strides=strides) if project else x
    y = builder.conv(y, filters, 1, f"{name}conv1")
    y = builder.conv(_activated(builder, y, f"{name}bn2", f"{name}relu2"), filters, 3, f"{name}conv2", strides=strides)
    y = _activated(builder, y, f"{name}bn3", f"{name}relu3")
    return builder.add(shortcut, builder.conv(y, EXPANSION * filters, 1, f"{name}conv3"), f"{name}add")


def _activated(builder: GraphBuilder, x: Tensor, norm: str, relu: str) -> Tensor:
    return builder.relu(builder.batch_norm(x, norm), relu)
