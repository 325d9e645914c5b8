"""ResNet-20 for CIFAR (He et al. 2016, arXiv:1512.03385, section 4.2 and table 6)."""

from __future__ import annotations

from typing import ClassVar

from engine.backbones.backbone import Backbone
from engine.backbones.cifar_residual import cifar_residual_base
from engine.graph.graph_builder import GraphBuilder
from engine.graph.layer_graph import Tensor


class ResNet20(Backbone):
    key: ClassVar[str] = "resnet20"
    title: ClassVar[str] = "ResNet-20"
    paper: ClassVar[str] = "He et al. 2016"

    def base(self, builder: GraphBuilder) -> Tensor:
        return cifar_residual_base(builder, blocks=3)
