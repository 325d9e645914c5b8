"""MobileNetV2 (Sandler et al. 2018, arXiv:1801.04381, table 2), its layers named as in `tf_keras.applications`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import ClassVar

from engine.backbones.backbone import Backbone
from engine.backbones.torch_layouts import TIMM, TORCHVISION
from engine.graph.graph_builder import GraphBuilder
from engine.graph.layer_graph import Tensor
from engine.graph.layout import Layout

STAGES = ((16, 1, 1, 1), (24, 2, 2, 6), (32, 3, 2, 6), (64, 4, 2, 6), (96, 3, 1, 6), (160, 3, 2, 6), (320, 1, 1, 6))
"""(filters, blocks, stride of the first block, expansion) of each stage."""
LAST_FILTERS = 1280
_PART = re.compile(r"(?:expanded_conv|block_(\d+))_(expand|depthwise|project)(_BN)?")
_TORCHVISION_ENDS = {
    "Conv1": "features.0.0", "bn_Conv1": "features.0.1", "Conv_1": "features.18.0", "Conv_1_bn": "features.18.1",
}  # fmt: skip
_TIMM_ENDS = {"Conv1": "conv_stem", "bn_Conv1": "bn1", "Conv_1": "conv_head", "Conv_1_bn": "bn2"}
_TIMM_PLACES = tuple(
    f"blocks.{stage}.{block}" for stage, (_, blocks, _, _) in enumerate(STAGES) for block in range(blocks)
)


def _in_torchvision(name: str) -> str:
    if (found := _PART.fullmatch(name)) is None:
        return _TORCHVISION_ENDS.get(name, name)
    number, part, is_norm = int(found[1] or 0), found[2], bool(found[3])
    # Expansion and depthwise convolution are modules with their normalisation; the projection is not.
    place = ("expand", "depthwise", "project").index(part) - (number == 0)
    inner = str(place + is_norm) if part == "project" else f"{place}.{int(is_norm)}"
    return f"features.{number + 1}.conv.{inner}"


def _in_timm(name: str) -> str:
    if (found := _PART.fullmatch(name)) is None:
        return _TIMM_ENDS.get(name, name)
    number, part, is_norm = int(found[1] or 0), found[2], bool(found[3])
    parts = {"depthwise": "conv_dw", "project": "conv_pw"}
    if number:
        parts = {"expand": "conv_pw", "depthwise": "conv_dw", "project": "conv_pwl"}
    inner = f"bn{[*parts].index(part) + 1}" if is_norm else parts[part]
    return f"{_TIMM_PLACES[number]}.{inner}"


class MobileNetV2(Backbone):
    """For small images the first convolution has stride 1. A width below 1 leaves the last convolution as it is
    (section 6.1)."""

    key: ClassVar[str] = "mobilenet_v2"
    title: ClassVar[str] = "MobileNetV2"
    paper: ClassVar[str] = "Sandler et al. 2018"
    published_scale: ClassVar[str] = "symmetric"
    layouts: ClassVar[tuple[Layout, ...]] = (
        replace(TORCHVISION, named=_in_torchvision, head="classifier.1"),
        replace(TIMM, named=_in_timm),
    )

    def base(self, builder: GraphBuilder) -> Tensor:
        strides = 1 if builder.cifar_stem else 2
        x = builder.conv(builder.input, builder.filters_by_eight(32), 3, "Conv1", strides=strides)
        x = builder.relu6(builder.batch_norm(x, "bn_Conv1"), "Conv1_relu")
        number = 0
        for filters, blocks, strides, expansion in STAGES:
            for block in range(blocks):
                name = f"block_{number}" if number else "expanded_conv"
                wide = expansion * x.shape[-1] if number else 0
                x = _block(builder, x, wide, builder.filters_by_eight(filters), strides if block == 0 else 1, name)
                number += 1
        last = builder.filters_by_eight(LAST_FILTERS) if builder.width > 1 else LAST_FILTERS
        x = builder.batch_norm(builder.conv(x, last, 1, "Conv_1"), "Conv_1_bn")
        return builder.relu6(x, "out_relu")


def _block(builder: GraphBuilder, x: Tensor, expanded: int, filters: int, strides: int, name: str) -> Tensor:
    """An inverted residual: expand to `expanded` channels (0: not), filter each, project; section 3.3."""
    y = x
    if expanded:
        y = builder.batch_norm(builder.conv(y, expanded, 1, f"{name}_expand"), f"{name}_expand_BN")
        y = builder.relu6(y, f"{name}_expand_relu")
    if strides == 2:
        y = builder.pad_for_stride_two(y, 3, f"{name}_pad")
    padding = "same" if strides == 1 else "valid"
    y = builder.depthwise_conv(y, 3, f"{name}_depthwise", strides=strides, padding=padding)
    y = builder.relu6(builder.batch_norm(y, f"{name}_depthwise_BN"), f"{name}_depthwise_relu")
    y = builder.batch_norm(builder.conv(y, filters, 1, f"{name}_project"), f"{name}_project_BN")
    return builder.add(x, y, f"{name}_add") if strides == 1 and x.shape[-1] == filters else y
