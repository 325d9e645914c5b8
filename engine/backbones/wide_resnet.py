"""Wide residual networks, WRN-depth-widening (Zagoruyko and Komodakis 2016, arXiv:1605.07146, table 1)."""

from __future__ import annotations

import re
from typing import ClassVar, Literal

from pydantic import Field

from engine.backbones.backbone import Backbone
from engine.backbones.stem import stem_conv, stem_pool
from engine.backbones.torch_layouts import EPSILON
from engine.contract.backbone_options import BackboneOptions
from engine.graph.graph_builder import GraphBuilder
from engine.graph.layer_graph import Tensor
from engine.graph.layout import Layout

LAYERS_OUTSIDE_BLOCKS = 4
LAYERS_PER_ROUND = 6
"""Two convolutions per block, one block in each of three groups."""
_PART = re.compile(r"group(\d)_block(\d+)_(conv\d|bn\d|shortcut)")


def _in_torch(name: str) -> str:
    if (found := _PART.fullmatch(name)) is None:
        return {"stem_conv": "conv1", "last_bn": "bn1"}.get(name, name)
    part = "convShortcut" if found[3] == "shortcut" else found[3]
    return f"block{found[1]}.layer.{int(found[2]) - 1}.{part}"


_TORCH = Layout("WideResNet-pytorch", pads_evenly=True, epsilon=EPSILON, small_stem=True, named=_in_torch, head="fc")
"""https://github.com/xternalz/WideResNet-pytorch, and what takes its layers from there."""


class WideResNetOptions(BackboneOptions):
    key: ClassVar[str] = "wide_resnet"

    depth: Literal[10, 16, 22, 28, 34, 40] = Field(
        28, title="Depth", description="Layers with weights.", json_schema_extra={"unit": "layers"}
    )
    widening: int = Field(
        10, ge=1, le=20, title="Widening", description="Multiplies the filters of all layers but the first."
    )

    def label(self) -> str:
        return f"{self.depth}-{self.widening}"


class WideResNet(Backbone[WideResNetOptions]):
    key: ClassVar[str] = "wide_resnet"
    title: ClassVar[str] = "Wide ResNet"
    paper: ClassVar[str] = "Zagoruyko and Komodakis 2016"
    layouts: ClassVar[tuple[Layout, ...]] = (_TORCH,)

    def base(self, builder: GraphBuilder) -> Tensor:
        x = stem_pool(builder, stem_conv(builder, builder.filters(16), "stem_conv"), "stem_pool")
        blocks = (self.options.depth - LAYERS_OUTSIDE_BLOCKS) // LAYERS_PER_ROUND
        for group, filters in enumerate((16, 32, 64), start=1):
            for block in range(1, blocks + 1):
                strides = 2 if group > 1 and block == 1 else 1
                wide = builder.filters(filters * self.options.widening)
                x = _block(builder, x, wide, strides, f"group{group}_block{block}")
        return builder.relu(builder.batch_norm(x, "last_bn"), "last_relu")


def _block(builder: GraphBuilder, x: Tensor, filters: int, strides: int, name: str) -> Tensor:
    """Normalisation and activation stand before each of the two 3×3 convolutions, and before a projected shortcut."""
    y = builder.relu(builder.batch_norm(x, f"{name}_bn1"), f"{name}_relu1")
    if strides != 1 or x.shape[-1] != filters:
        x = builder.conv(y, filters, 1, f"{name}_shortcut", strides=strides)
    y = builder.conv(y, filters, 3, f"{name}_conv1", strides=strides)
    y = builder.relu(builder.batch_norm(y, f"{name}_bn2"), f"{name}_relu2")
    return builder.add(x, builder.conv(y, filters, 3, f"{name}_conv2"), f"{name}_add")
