"""ResNet-8 of MLPerf Tiny (Banbury et al. 2021, arXiv:2106.07597): three basic blocks, for microcontrollers.

As its reference has it: biases before batch normalisation, and shortcuts projected without it.
"""

from __future__ import annotations

from typing import ClassVar

from engine.backbones.backbone import Backbone
from engine.backbones.stem import stem_conv, stem_pool
from engine.graph.graph_builder import GraphBuilder
from engine.graph.layer_graph import Tensor


class ResNet8(Backbone):
    key: ClassVar[str] = "resnet8"
    title: ClassVar[str] = "ResNet-8"
    paper: ClassVar[str] = "Banbury et al. 2021"

    def base(self, builder: GraphBuilder) -> Tensor:
        x = builder.batch_norm(stem_conv(builder, builder.filters(16), "stem_conv", use_bias=True), "stem_bn")
        x = stem_pool(builder, builder.relu(x, "stem_relu"), "stem_pool")
        for stage, filters in enumerate((16, 32, 64), start=1):
            x = _block(builder, x, builder.filters(filters), stage)
        return x


def _block(builder: GraphBuilder, x: Tensor, filters: int, stage: int) -> Tensor:
    """Two 3×3 convolutions and a shortcut; all blocks but the first halve the resolution."""
    name, strides = f"stage{stage}", 1 if stage == 1 else 2
    y = builder.conv(x, filters, 3, f"{name}_conv1", strides=strides, use_bias=True)
    y = builder.relu(builder.batch_norm(y, f"{name}_bn1"), f"{name}_relu1")
    y = builder.conv(y, filters, 3, f"{name}_conv2", use_bias=True)
    y = builder.batch_norm(y, f"{name}_bn2", ends_branch=True)
    if strides == 2:
        x = builder.conv(x, filters, 1, f"{name}_shortcut", strides=2, use_bias=True)
    return builder.relu(builder.add(x, y, f"{name}_add"), f"{name}_relu2")
