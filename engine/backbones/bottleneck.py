"""The parts that residual networks of bottleneck blocks share (He et al. 2016, arXiv:1512.03385, section 4.1).

Names, paddings, biases and strides are those of `tf_keras.applications`, so that its weights files match: the stride
is in the first 1×1 convolution of a stage. In PyTorch's layouts it is in the 3×3 one, and convolutions have no bias.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from engine.backbones.image_classifiers import IMAGE_CLASSIFIERS, preactivated_base
from engine.backbones.torch_layouts import CIFAR, TORCHVISION, torch_residual_name
from engine.graph.graph_builder import GraphBuilder
from engine.graph.layer_graph import Tensor
from engine.graph.layout import DEFAULT_LAYOUT

EPSILON = 1.001e-5
EXPANSION = 4
"""Channels of a block's output over those of its 3×3 convolution."""
_STEM = {"conv1_conv": "conv1", "conv1_bn": "bn1"}
_PART = re.compile(r"conv(\d)_block(\d+)_(\d)_(conv|bn)")


def _in_torch(shortcut: str, name: str) -> str:
    """PyTorch's name of a layer; any other as it is."""
    if (found := _PART.fullmatch(name)) is None:
        return _STEM.get(name, name)
    stage, block, number, part = found.groups()
    return torch_residual_name(str(int(stage) - 1), block, part, number, shortcut if number == "0" else "")


def _in_torchvision(name: str) -> str:
    return _in_torch("downsample", name)


def _in_cifar(name: str) -> str:
    return _in_torch("shortcut", name)


_TORCHVISION = replace(TORCHVISION, named=_in_torchvision)
_WIDE = replace(TORCHVISION, library="torchvision (wide)", named=_in_torchvision)
"""wide_resnet50_2 and wide_resnet101_2: twice the filters of 3×3 (Zagoruyko and Komodakis 2016, arXiv:1605.07146)."""
_CIFAR = replace(CIFAR, named=_in_cifar)
BOTTLENECK_LAYOUTS = (_TORCHVISION, _WIDE, _CIFAR, IMAGE_CLASSIFIERS)


@dataclass(frozen=True)
class _Form:
    """Where the networks of bottleneck blocks differ."""

    use_bias: bool = True
    stride_in_middle: bool = False
    """Whether the 3×3 convolution of a stage's first block halves the resolution, rather than the 1×1 before it."""
    widening: int = 1
    """Of the first two convolutions of a block."""


_FORMS: dict[str, _Form] = {
    DEFAULT_LAYOUT.library: _Form(),
    _TORCHVISION.library: _Form(use_bias=False, stride_in_middle=True),
    _WIDE.library: _Form(use_bias=False, stride_in_middle=True, widening=2),
    _CIFAR.library: _Form(use_bias=False, stride_in_middle=True),
}


def bottleneck_base(builder: GraphBuilder, blocks: tuple[int, ...]) -> Tensor:
    """A stem, then stages of 64, 128, 256, 512 filters (four times as many channels) with so many blocks each."""
    if builder.layout is IMAGE_CLASSIFIERS:
        return preactivated_base(builder, blocks, bottleneck=True)
    form = _FORMS[builder.layout.library]
    x = _stem(builder, builder.filters(64), form)
    for stage, (filters, count) in enumerate(zip((64, 128, 256, 512), blocks, strict=True), start=2):
        for block in range(1, count + 1):
            strides = 2 if stage > 2 and block == 1 else 1
            x = _block(builder, x, builder.filters(filters), strides, block == 1, f"conv{stage}_block{block}", form)
    return x


def _stem(builder: GraphBuilder, filters: int, form: _Form) -> Tensor:
    """7×7 of stride 2 and pooling; for small images one 3×3."""
    if builder.cifar_stem:
        x = builder.conv(builder.input, filters, 3, "conv1_conv", use_bias=form.use_bias)
        return builder.relu(builder.batch_norm(x, "conv1_bn", EPSILON), "conv1_relu")
    x = builder.zero_pad(builder.input, (3, 3), (3, 3), "conv1_pad")
    x = builder.conv(x, filters, 7, "conv1_conv", strides=2, padding="valid", use_bias=form.use_bias)
    x = builder.relu(builder.batch_norm(x, "conv1_bn", EPSILON), "conv1_relu")
    return builder.max_pool(builder.zero_pad(x, (1, 1), (1, 1), "pool1_pad"), 3, "pool1_pool", strides=2)


def _block(
    builder: GraphBuilder, x: Tensor, filters: int, strides: int, project: bool, name: str, form: _Form
) -> Tensor:
    """1×1, 3×3, 1×1 and a shortcut, which the first block of a stage projects. Begins as the shortcut alone."""
    shortcut, use_bias = x, form.use_bias
    if project:
        shortcut = builder.conv(x, EXPANSION * filters, 1, f"{name}_0_conv", strides=strides, use_bias=use_bias)
        shortcut = builder.batch_norm(shortcut, f"{name}_0_bn", EPSILON)
    inner = form.widening * filters
    first, middle = (1, strides) if form.stride_in_middle else (strides, 1)
    y = builder.conv(x, inner, 1, f"{name}_1_conv", strides=first, use_bias=use_bias)
    y = builder.relu(builder.batch_norm(y, f"{name}_1_bn", EPSILON), f"{name}_1_relu")
    y = builder.conv(y, inner, 3, f"{name}_2_conv", strides=middle, use_bias=use_bias)
    y = builder.relu(builder.batch_norm(y, f"{name}_2_bn", EPSILON), f"{name}_2_relu")
    y = builder.conv(y, EXPANSION * filters, 1, f"{name}_3_conv", use_bias=use_bias)
    y = builder.batch_norm(y, f"{name}_3_bn", EPSILON, ends_branch=True)
    return builder.relu(builder.add(shortcut, y, f"{name}_add"), f"{name}_out")
