"""ResNet-18 (He et al. 2016, arXiv:1512.03385, table 1)."""

from __future__ import annotations

from typing import ClassVar

from engine.backbones.backbone import Backbone
from engine.backbones.graph import GraphBuilder, Tensor
from engine.backbones.residual import basic_block, residual_stem


class ResNet18(Backbone):
    key: ClassVar[str] = "resnet18"
    title: ClassVar[str] = "ResNet-18"
    paper: ClassVar[str] = "He et al. 2016"

    def base(self, builder: GraphBuilder) -> Tensor:
        x = residual_stem(builder)
        for stage, filters in enumerate((64, 128, 256, 512), start=1):
            for block in range(1, 3):
                strides = 2 if stage > 1 and block == 1 else 1
                x = basic_block(builder, x, builder.filters(filters), strides, f"stage{stage}_block{block}")
        return x
