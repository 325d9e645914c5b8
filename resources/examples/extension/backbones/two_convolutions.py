"""A whole backbone: two convolutions; the head, int8, weights files and every step come with it."""

from __future__ import annotations

from typing import ClassVar

from engine.backbones.backbone import Backbone
from engine.graph.graph_builder import GraphBuilder
from engine.graph.layer_graph import Tensor


class TwoConvolutions(Backbone):
    key: ClassVar[str] = "two_convolutions"
    title: ClassVar[str] = "Two convolutions"
    paper: ClassVar[str] = "an example"

    def base(self, builder: GraphBuilder) -> Tensor:
        x = builder.input
        for number, filters in enumerate((8, 16), start=1):
            x = builder.conv(x, builder.filters(filters), 3, f"conv{number}", strides=2)
            x = builder.relu(builder.batch_norm(x, f"bn{number}"), f"relu{number}")
        return x
