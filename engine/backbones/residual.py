"""The parts that residual networks of basic blocks share (He et al. 2016, arXiv:1512.03385)."""

from __future__ import annotations

import re
from dataclasses import replace

from engine.backbones.image_classifiers import IMAGE_CLASSIFIERS, preactivated_base
from engine.backbones.stem import stem_conv, stem_pool
from engine.backbones.torch_layouts import CIFAR, TORCHVISION, torch_residual_name
from engine.graph.graph_builder import GraphBuilder
from engine.graph.layer_graph import Tensor

_STEM = {"stem_conv": "conv1", "stem_bn": "bn1"}
_PART = re.compile(r"stage(\d)_block(\d+)_(shortcut_)?(conv|bn)(\d?)")


def _in_torch(shortcut: str, name: str) -> str:
    """PyTorch's name of a layer; any other as it is."""
    if (found := _PART.fullmatch(name)) is None:
        return _STEM.get(name, name)
    stage, block, is_shortcut, part, number = found.groups()
    return torch_residual_name(stage, block, part, number, shortcut if is_shortcut else "")


def _in_torchvision(name: str) -> str:
    return _in_torch("downsample", name)


def _in_cifar(name: str) -> str:
    return _in_torch("shortcut", name)


RESIDUAL_LAYOUTS = (
    replace(TORCHVISION, named=_in_torchvision),
    replace(CIFAR, named=_in_cifar),
    IMAGE_CLASSIFIERS,
)


def residual_base(builder: GraphBuilder, blocks: tuple[int, ...]) -> Tensor:
    """A stem, then stages of 64, 128, 256, 512 filters with so many basic blocks each."""
    if builder.layout is IMAGE_CLASSIFIERS:
        return preactivated_base(builder, blocks, bottleneck=False)
    x = builder.batch_norm(stem_conv(builder, builder.filters(64), "stem_conv"), "stem_bn")
    x = stem_pool(builder, builder.relu(x, "stem_relu"), "stem_pool")
    for stage, (filters, count) in enumerate(zip((64, 128, 256, 512), blocks, strict=True), start=1):
        for block in range(1, count + 1):
            strides = 2 if stage > 1 and block == 1 else 1
            x = _basic_block(builder, x, builder.filters(filters), strides, f"stage{stage}_block{block}")
    return x


def _basic_block(builder: GraphBuilder, x: Tensor, filters: int, strides: int, name: str) -> Tensor:
    """Two 3×3 convolutions and a shortcut; a 1×1 projection where the shape changes. Begins as the shortcut alone."""
    y = builder.conv(x, filters, 3, f"{name}_conv1", strides=strides)
    y = builder.relu(builder.batch_norm(y, f"{name}_bn1"), f"{name}_relu1")
    y = builder.conv(y, filters, 3, f"{name}_conv2")
    y = builder.batch_norm(y, f"{name}_bn2", ends_branch=True)
    if strides != 1 or x.shape[-1] != filters:
        x = builder.conv(x, filters, 1, f"{name}_shortcut_conv", strides=strides)
        x = builder.batch_norm(x, f"{name}_shortcut_bn")
    return builder.relu(builder.add(x, y, f"{name}_add"), f"{name}_relu2")
