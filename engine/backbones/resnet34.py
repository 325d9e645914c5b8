"""ResNet-34 (He et al. 2016, arXiv:1512.03385, table 1)."""

from __future__ import annotations

from typing import ClassVar

from engine.backbones.backbone import Backbone
from engine.backbones.residual import RESIDUAL_LAYOUTS, residual_base
from engine.graph.graph_builder import GraphBuilder
from engine.graph.layer_graph import Tensor
from engine.graph.layout import Layout


class ResNet34(Backbone):
    key: ClassVar[str] = "resnet34"
    title: ClassVar[str] = "ResNet-34"
    paper: ClassVar[str] = "He et al. 2016"
    layouts: ClassVar[tuple[Layout, ...]] = RESIDUAL_LAYOUTS

    def base(self, builder: GraphBuilder) -> Tensor:
        return residual_base(builder, (3, 4, 6, 3))
