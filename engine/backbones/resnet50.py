"""ResNet-50 (He et al. 2016, arXiv:1512.03385, table 1), its layers named as in `tf_keras.applications`."""

from __future__ import annotations

from typing import ClassVar

from engine.backbones.backbone import Backbone
from engine.backbones.bottleneck import BOTTLENECK_LAYOUTS, bottleneck_base
from engine.graph.graph_builder import GraphBuilder
from engine.graph.layer_graph import Tensor
from engine.graph.layout import Layout


class ResNet50(Backbone):
    key: ClassVar[str] = "resnet50"
    title: ClassVar[str] = "ResNet-50"
    paper: ClassVar[str] = "He et al. 2016"
    published_scale: ClassVar[str] = "imagenet_bgr"
    layouts: ClassVar[tuple[Layout, ...]] = BOTTLENECK_LAYOUTS

    def base(self, builder: GraphBuilder) -> Tensor:
        return bottleneck_base(builder, (3, 4, 6, 3))
