"""The parts that both MobileNetV3 share (Howard et al. 2019, arXiv:1905.02244), named as in `tf_keras.applications`.

The networks there begin with a layer that maps [0, 255] to [−1, 1]; ours take images as they are fed, so that all
backbones are fed alike and no layer stands in the way of quantisation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from engine.backbones.torch_layouts import TIMM, TORCHVISION
from engine.graph.graph_builder import GraphBuilder, divisible_by_eight
from engine.graph.layer_graph import Tensor
from engine.graph.layout import Layout

SQUEEZED_SHARE = 0.25
LAST_EXPANSION = 6
_PART = re.compile(
    r"expanded_conv(?:_(\d+))?/(expand|depthwise|project|squeeze_excite/Conv_1|squeeze_excite/Conv)(/BatchNorm)?"
)
_ENDS = re.compile(r"(Conv|Conv_1)(/BatchNorm)?")


@dataclass(frozen=True)
class Bottleneck:
    """One row of the paper's tables 1 and 2."""

    kernel: int
    expansion: float
    """Channels of the depthwise convolution over those of the block's input."""
    filters: int
    squeeze: bool
    """Whether channels are weighed by squeeze-and-excite."""
    hard_swish: bool
    """Else ReLU."""
    strides: int


def mobilenet_v3_base(builder: GraphBuilder, rows: Sequence[Bottleneck]) -> Tensor:
    """A convolution (of stride 1 for small images), one block per row, and a last 1×1 convolution."""
    strides = 1 if builder.cifar_stem else 2
    # The first convolution has 16 filters whatever the width.
    x = builder.batch_norm(builder.conv(builder.input, 16, 3, "Conv", strides=strides), "Conv/BatchNorm")
    x = builder.hard_swish(x, "Conv/hard_swish")
    for number, row in enumerate(rows):
        x = _block(builder, x, row, f"expanded_conv_{number}" if number else "expanded_conv")
    last = divisible_by_eight(LAST_EXPANSION * x.shape[-1])
    x = builder.batch_norm(builder.conv(x, last, 1, "Conv_1"), "Conv_1/BatchNorm")
    return builder.hard_swish(x, "Conv_1/hard_swish")


def _block(builder: GraphBuilder, x: Tensor, row: Bottleneck, name: str) -> Tensor:
    """Expand (except in the first block, which has nothing to expand), filter each channel, weigh, project."""
    filters = builder.filters_by_eight(row.filters)
    expanded = divisible_by_eight(row.expansion * x.shape[-1])
    activate = builder.hard_swish if row.hard_swish else builder.relu
    y = x
    if row.expansion != 1:
        y = builder.batch_norm(builder.conv(y, expanded, 1, f"{name}/expand"), f"{name}/expand/BatchNorm")
        y = activate(y, f"{name}/expand/activation")
    if row.strides == 2:
        y = builder.pad_for_stride_two(y, row.kernel, f"{name}/depthwise/pad")
    padding = "same" if row.strides == 1 else "valid"
    y = builder.depthwise_conv(y, row.kernel, f"{name}/depthwise", strides=row.strides, padding=padding)
    y = activate(builder.batch_norm(y, f"{name}/depthwise/BatchNorm"), f"{name}/depthwise/activation")
    if row.squeeze:
        y = _squeeze_excite(builder, y, divisible_by_eight(SQUEEZED_SHARE * expanded), f"{name}/squeeze_excite")
    y = builder.batch_norm(builder.conv(y, filters, 1, f"{name}/project"), f"{name}/project/BatchNorm")
    return builder.add(x, y, f"{name}/Add") if row.strides == 1 and x.shape[-1] == filters else y


def _squeeze_excite(builder: GraphBuilder, x: Tensor, squeezed: int, name: str) -> Tensor:
    """Weigh each channel by a small network's view of all channels' means (Hu et al. 2018)."""
    weights = builder.global_average_pool(x, f"{name}/AvgPool", keepdims=True)
    weights = builder.relu(builder.conv(weights, squeezed, 1, f"{name}/Conv", use_bias=True), f"{name}/Relu")
    weights = builder.conv(weights, x.shape[-1], 1, f"{name}/Conv_1", use_bias=True)
    return builder.multiply(x, builder.hard_sigmoid(weights, f"{name}/hard_sigmoid"), f"{name}/Mul")


def torch_layouts(rows: Sequence[Bottleneck], stages: tuple[int, ...]) -> tuple[Layout, ...]:
    """torchvision's and timm's.

    Args:
        stages: how many rows each of timm's stages has.
    """
    places = tuple(f"blocks.{stage}.{block}" for stage, count in enumerate(stages) for block in range(count))
    return (
        replace(TORCHVISION, named=partial(_in_torchvision, rows), epsilon=1e-3, head=""),
        replace(TIMM, named=partial(_in_timm, rows, places), head=""),
    )


def _in_torchvision(rows: Sequence[Bottleneck], name: str) -> str:
    if (found := _ENDS.fullmatch(name)) is not None:
        return f"features.{0 if found[1] == 'Conv' else len(rows) + 1}.{int(bool(found[2]))}"
    if (found := _PART.fullmatch(name)) is None:
        return name
    number, part, is_norm = int(found[1] or 0), found[2], bool(found[3])
    row = rows[number]
    parts = ["expand"] * (row.expansion != 1) + ["depthwise"] + ["squeeze_excite"] * row.squeeze + ["project"]
    block = f"features.{number + 1}.block.{parts.index(part.partition('/')[0])}"
    return f"{block}.fc{1 + part.endswith('_1')}" if "/" in part else f"{block}.{int(is_norm)}"


def _in_timm(rows: Sequence[Bottleneck], places: tuple[str, ...], name: str) -> str:
    if (found := _ENDS.fullmatch(name)) is not None:
        first, last = ("conv_stem", "bn1"), (f"blocks.{_last(places)}.0.conv", f"blocks.{_last(places)}.0.bn1")
        return (first if found[1] == "Conv" else last)[bool(found[2])]
    if (found := _PART.fullmatch(name)) is None:
        return name
    number, part, is_norm = int(found[1] or 0), found[2], bool(found[3])
    parts = {"depthwise": "conv_dw", "project": "conv_pw"}
    if rows[number].expansion != 1:
        parts = {"expand": "conv_pw", "depthwise": "conv_dw", "project": "conv_pwl"}
    if "/" in part:
        return f"{places[number]}.se.{'conv_expand' if part.endswith('_1') else 'conv_reduce'}"
    return f"{places[number]}.{f'bn{[*parts].index(part) + 1}' if is_norm else parts[part]}"


def _last(places: tuple[str, ...]) -> int:
    """The stage of the last convolution, which has no block of the network."""
    return int(places[-1].split(".")[1]) + 1
