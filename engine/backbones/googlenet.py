"""GoogLeNet (Szegedy et al. 2015, arXiv:1409.4842, table 1), with the batch normalisation of its authors' next paper.

As torchvision has it: normalised after every convolution (Ioffe and Szegedy 2015, arXiv:1502.03167), 3×3 instead of
5×5, no auxiliary classifiers.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import ClassVar

from engine.backbones.backbone import Backbone
from engine.backbones.stem import stem_conv, stem_pool
from engine.backbones.torch_layouts import TORCHVISION
from engine.graph.graph_builder import GraphBuilder
from engine.graph.layer_graph import Tensor
from engine.graph.layout import Layout

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
LAST_POOL = 4
_PART = re.compile(r"(conv\d|inception\d[a-e])(?:_(1x1|3x3_reduce|3x3|5x5_reduce|5x5|project))?(_bn)?")
_BRANCHES = {
    "1x1": "branch1", "3x3_reduce": "branch2.0", "3x3": "branch2.1", "5x5_reduce": "branch3.0", "5x5": "branch3.1",
    "project": "branch4.1",
}  # fmt: skip


def _in_torchvision(name: str) -> str:
    if (found := _PART.fullmatch(name)) is None:
        return name
    block, branch, is_norm = found.groups()
    return ".".join(filter(None, (block, _BRANCHES.get(branch or ""), "bn" if is_norm else "conv")))


_TORCHVISION = replace(
    TORCHVISION,
    named=_in_torchvision,
    epsilon=1e-3,
    # Its weights come from TensorFlow, and it brings images of ImageNet's mean and deviation to that scale itself.
    scale="symmetric",
    smallest_side=15,
    unneeded=frozenset(f"aux{number}.{part}" for number in (1, 2) for part in ("conv.conv", "conv.bn", "fc1", "fc2")),
)


class GoogLeNet(Backbone):
    key: ClassVar[str] = "googlenet"
    title: ClassVar[str] = "GoogLeNet"
    paper: ClassVar[str] = "Szegedy et al. 2015"
    layouts: ClassVar[tuple[Layout, ...]] = (_TORCHVISION,)

    def base(self, builder: GraphBuilder) -> Tensor:
        x = _normalised(builder, stem_conv(builder, builder.filters(64), "conv1"), "conv1")
        x = _torch_pool(builder, x, 1) if builder.layout is _TORCHVISION else stem_pool(builder, x, "pool1")
        x = _conv(builder, x, 64, 1, "conv2")
        x = _conv(builder, x, 192, 3, "conv3")
        for stage, blocks in enumerate(STAGES, start=2):
            if builder.layout is _TORCHVISION:
                x = _torch_pool(builder, x, stage)
            else:
                x = builder.max_pool(x, 3, f"pool{stage}", strides=2, padding="same")
            for name, filters in blocks.items():
                x = _inception(builder, x, filters, f"inception{name}")
        return x


def _torch_pool(builder: GraphBuilder, x: Tensor, stage: int) -> Tensor:
    """torchvision's: of 3×3, the last of 2×2; no zeros before the image, and some after it if a window reaches out."""
    size = 2 if stage == LAST_POOL else 3
    rows, columns = ((0, (size - side) % 2) for side in x.shape[:2])
    x = builder.zero_pad(x, rows, columns, f"pool{stage}_pad") if rows[1] or columns[1] else x
    return builder.max_pool(x, size, f"pool{stage}", strides=2)


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
