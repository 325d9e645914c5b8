"""MobileNetV3-Small (Howard et al. 2019, arXiv:1905.02244, table 2)."""

from __future__ import annotations

from typing import ClassVar

from engine.backbones.backbone import Backbone
from engine.backbones.mobilenet_v3 import Bottleneck, mobilenet_v3_base, torch_layouts
from engine.graph.graph_builder import GraphBuilder
from engine.graph.layer_graph import Tensor
from engine.graph.layout import Layout

ROWS = (
    Bottleneck(3, 1, 16, squeeze=True, hard_swish=False, strides=2),
    Bottleneck(3, 72 / 16, 24, squeeze=False, hard_swish=False, strides=2),
    Bottleneck(3, 88 / 24, 24, squeeze=False, hard_swish=False, strides=1),
    Bottleneck(5, 4, 40, squeeze=True, hard_swish=True, strides=2),
    Bottleneck(5, 6, 40, squeeze=True, hard_swish=True, strides=1),
    Bottleneck(5, 6, 40, squeeze=True, hard_swish=True, strides=1),
    Bottleneck(5, 3, 48, squeeze=True, hard_swish=True, strides=1),
    Bottleneck(5, 3, 48, squeeze=True, hard_swish=True, strides=1),
    Bottleneck(5, 6, 96, squeeze=True, hard_swish=True, strides=2),
    Bottleneck(5, 6, 96, squeeze=True, hard_swish=True, strides=1),
    Bottleneck(5, 6, 96, squeeze=True, hard_swish=True, strides=1),
)


class MobileNetV3Small(Backbone):
    key: ClassVar[str] = "mobilenet_v3_small"
    title: ClassVar[str] = "MobileNetV3-Small"
    paper: ClassVar[str] = "Howard et al. 2019"
    published_scale: ClassVar[str] = "symmetric"
    layouts: ClassVar[tuple[Layout, ...]] = torch_layouts(ROWS, stages=(1, 2, 3, 2, 3))

    def base(self, builder: GraphBuilder) -> Tensor:
        return mobilenet_v3_base(builder, ROWS)
