"""MobileNetV3-Large (Howard et al. 2019, arXiv:1905.02244, table 1)."""

from __future__ import annotations

from typing import ClassVar

from engine.backbones.backbone import Backbone
from engine.backbones.mobilenet_v3 import Bottleneck, mobilenet_v3_base, torch_layouts
from engine.graph.graph_builder import GraphBuilder
from engine.graph.layer_graph import Tensor
from engine.graph.layout import Layout

ROWS = (
    Bottleneck(3, 1, 16, squeeze=False, hard_swish=False, strides=1),
    Bottleneck(3, 4, 24, squeeze=False, hard_swish=False, strides=2),
    Bottleneck(3, 3, 24, squeeze=False, hard_swish=False, strides=1),
    Bottleneck(5, 3, 40, squeeze=True, hard_swish=False, strides=2),
    Bottleneck(5, 3, 40, squeeze=True, hard_swish=False, strides=1),
    Bottleneck(5, 3, 40, squeeze=True, hard_swish=False, strides=1),
    Bottleneck(3, 6, 80, squeeze=False, hard_swish=True, strides=2),
    Bottleneck(3, 2.5, 80, squeeze=False, hard_swish=True, strides=1),
    Bottleneck(3, 2.3, 80, squeeze=False, hard_swish=True, strides=1),
    Bottleneck(3, 2.3, 80, squeeze=False, hard_swish=True, strides=1),
    Bottleneck(3, 6, 112, squeeze=True, hard_swish=True, strides=1),
    Bottleneck(3, 6, 112, squeeze=True, hard_swish=True, strides=1),
    Bottleneck(5, 6, 160, squeeze=True, hard_swish=True, strides=2),
    Bottleneck(5, 6, 160, squeeze=True, hard_swish=True, strides=1),
    Bottleneck(5, 6, 160, squeeze=True, hard_swish=True, strides=1),
)


class MobileNetV3Large(Backbone):
    key: ClassVar[str] = "mobilenet_v3_large"
    title: ClassVar[str] = "MobileNetV3-Large"
    paper: ClassVar[str] = "Howard et al. 2019"
    published_scale: ClassVar[str] = "symmetric"
    layouts: ClassVar[tuple[Layout, ...]] = torch_layouts(ROWS, stages=(1, 2, 3, 4, 2, 3))

    def base(self, builder: GraphBuilder) -> Tensor:
        return mobilenet_v3_base(builder, ROWS)
