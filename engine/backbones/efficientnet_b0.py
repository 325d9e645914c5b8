"""EfficientNet-B0 (Tan and Le 2019, arXiv:1905.11946, table 1), its layers named as in `tf_keras.applications`."""

from __future__ import annotations

from typing import ClassVar

from engine.backbones.backbone import Backbone
from engine.backbones.efficientnet import efficientnet_base
from engine.graph.graph_builder import GraphBuilder
from engine.graph.layer_graph import Tensor


class EfficientNetB0(Backbone):
    """For small images the first convolution has stride 1.

    The network in Keras begins by scaling pixels from 0 to 255 itself; here `images.scale` does.
    """

    key: ClassVar[str] = "efficientnet_b0"
    title: ClassVar[str] = "EfficientNet-B0"
    paper: ClassVar[str] = "Tan and Le 2019"
    published_scale: ClassVar[str] = "imagenet_rgb"

    def base(self, builder: GraphBuilder) -> Tensor:
        builder.constants.add("normalization")
        return efficientnet_base(builder, lite=False)
