"""EfficientNet-Lite0 (Liu 2020, github.com/tensorflow/tpu): EfficientNet-B0 without what integers compute badly.

No squeeze and excitation, ReLU up to 6 for swish, and a first and last convolution that the width leaves as they are.
"""

from __future__ import annotations

from typing import ClassVar

from engine.backbones.backbone import Backbone
from engine.backbones.efficientnet import efficientnet_base
from engine.graph.graph_builder import GraphBuilder
from engine.graph.layer_graph import Tensor


class EfficientNetLite0(Backbone):
    """For small images the first convolution has stride 1."""

    key: ClassVar[str] = "efficientnet_lite0"
    title: ClassVar[str] = "EfficientNet-Lite0"
    paper: ClassVar[str] = "Liu 2020, after Tan and Le 2019"

    def base(self, builder: GraphBuilder) -> Tensor:
        return efficientnet_base(builder, lite=True)
