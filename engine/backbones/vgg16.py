"""VGG-16, configuration D (Simonyan and Zisserman 2015, arXiv:1409.1556); the base of Trad et al. 2022."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from engine.backbones.backbone import Backbone
from engine.backbones.torch_layouts import TORCHVISION
from engine.contract.backbone_options import BackboneOptions
from engine.graph.graph_builder import GraphBuilder
from engine.graph.layer_graph import Tensor
from engine.graph.layout import Layout

BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
"""(filters, convolutions) of each block."""
_PART = re.compile(r"block(\d)_conv(\d)(_bn)?")


def _in_torchvision(steps: int, name: str) -> str:
    """torchvision's name of a layer: it counts all of `features`, `steps` for each convolution and one for each
    pooling; any other name as it is."""
    if (found := _PART.fullmatch(name)) is None:
        return name
    block, convolution, is_norm = int(found[1]), int(found[2]), bool(found[3])
    before = sum(steps * convolutions + 1 for _, convolutions in BLOCKS[: block - 1])
    return f"features.{before + steps * (convolution - 1) + is_norm}"


def _plain(name: str) -> str:
    return _in_torchvision(2, name)


def _normalised(name: str) -> str:
    return _in_torchvision(3, name)


_VGG16 = replace(TORCHVISION, named=_plain, head="")
_VGG16_BN = replace(TORCHVISION, library="torchvision (with batch normalisation)", named=_normalised, head="")


class Vgg16Options(BackboneOptions):
    key: ClassVar[str] = "vgg16"

    variant: Literal["published", "batch_norm"] = Field(
        "published",
        title="Variant",
        description="published: Simonyan and Zisserman 2015; batch_norm: normalised after every convolution and "
        "without the last pooling, as in Garifulla et al. 2022 with the head gap.",
    )

    def label(self) -> str:
        return self.variant


class Vgg16(Backbone[Vgg16Options]):
    key: ClassVar[str] = "vgg16"
    title: ClassVar[str] = "VGG-16"
    paper: ClassVar[str] = "Simonyan and Zisserman 2015"
    published_scale: ClassVar[str] = "imagenet_bgr"
    smallest_side: ClassVar[int] = 32
    layouts: ClassVar[tuple[Layout, ...]] = (_VGG16, _VGG16_BN)

    def base(self, builder: GraphBuilder) -> Tensor:
        unpooled = self.options.variant == "batch_norm"
        normalised = unpooled or builder.layout is _VGG16_BN
        x = builder.input
        for block, (filters, convolutions) in enumerate(BLOCKS, start=1):
            for index in range(1, convolutions + 1):
                name = f"block{block}_conv{index}"
                x = builder.conv(x, builder.filters(filters), 3, name, use_bias=True)
                if normalised:
                    x = builder.batch_norm(x, f"{name}_bn")
                x = builder.relu(x, f"{name}_relu")
            if block < len(BLOCKS) or not unpooled:
                x = builder.max_pool(x, 2, f"block{block}_pool")
        return x
