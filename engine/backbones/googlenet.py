"""GoogLeNet (Szegedy et al. 2015, arXiv:1409.4842, table 1), with the batch normalisation of its authors' next paper.

As torchvision has it: normalised after every convolution (Ioffe and Szegedy 2015, arXiv:1502.03167), 3×3 instead of
5×5, no auxiliary classifiers.
"""

from __future__ import annotations

from typing import ClassVar

from engine.backbones.backbone import Backbone
from engine.backbones.stem import stem_conv, stem_pool
from engine.graph.graph_builder import GraphBuilder
from engine.graph.layer_graph import Tensor

STAGES = (
    {"3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64)},
    {
        "4a": (192, 96, 208, 16, 48, 64),
        "4b": (160, 112, 224, 24, 64, 64),
        "4c": (128, 128, 256, 24, 64, 64),
        "4d": (112, 144, 288, 32, 64, 64),
        "4e": (256, 160, 320, 32, 128, 128),
    },
    {"5a": (256, 160, 320, 32, 128, 128), "5b": (384, 192, 384, 48, 128, 128)},
)
"""Filters of each block: 1×1; before 3×3, 3×3; before the second 3×3, second 3×3; after the pooling."""


class GoogLeNet(Backbone):
    key: ClassVar[str] = "googlenet"
    title: ClassVar[str] = "GoogLeNet"
    paper: ClassVar[str] = "Szegedy et al. 2015"

    def base(self, builder: GraphBuilder) -> Tensor:
        x = _normalised(builder, stem_conv(builder, builder.filters(64), "conv1"), "conv1")
        x = _conv(builder, stem_pool(builder, x, "pool1"), 64, 1, "conv2")
        x = _conv(builder, x, 192, 3, "conv3")
        for stage, blocks in enumerate(STAGES, start=2):
            x = builder.max_pool(x, 3, f"pool{stage}", strides=2, padding="same")
            for name, filters in blocks.items():
                x = _inception(builder, x, filters, f"inception{name}")
        return x


def _inception(builder: GraphBuilder, x: Tensor, filters: tuple[int, ...], name: str) -> Tensor:
    """Four branches side by side: what is seen at three sizes, and what is strongest nearby (figure 2b)."""
    single, before_middle, middle, before_wide, wide, pooled = filters
    branches = (
        _conv(builder, x, single, 1, f"{name}_1x1"),
        _conv(builder, _conv(builder, x, before_middle, 1, f"{name}_3x3_reduce"), middle, 3, f"{name}_3x3"),
        _conv(builder, _conv(builder, x, before_wide, 1, f"{name}_5x5_reduce"), wide, 3, f"{name}_5x5"),
        _conv(builder, builder.max_pool(x, 3, f"{name}_pool", strides=1, padding="same"), pooled, 1, f"{name}_project"),
    )
    return builder.concatenate(branches, f"{name}_concat")


def _conv(builder: GraphBuilder, x: Tensor, filters: int, kernel: int, name: str) -> Tensor:
    return _normalised(builder, builder.conv(x, builder.filters(filters), kernel, name), name)


def _normalised(builder: GraphBuilder, x: Tensor, name: str) -> Tensor:
    return builder.relu(builder.batch_norm(x, f"{name}_bn"), f"{name}_relu")
