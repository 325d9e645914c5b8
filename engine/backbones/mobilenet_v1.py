"""MobileNet (Howard et al. 2017, arXiv:1704.04861, table 1), its layers named as in `tf_keras.applications`."""

from __future__ import annotations

from typing import ClassVar

from engine.backbones.backbone import Backbone
from engine.graph.graph_builder import GraphBuilder
from engine.graph.layer_graph import Tensor

BLOCKS = (
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1),
    (1024, 2), (1024, 1),
)  # fmt: skip
"""(filters, stride) of each depthwise-separable block."""


class MobileNetV1(Backbone):
    """For small images the first convolution has stride 1."""

    key: ClassVar[str] = "mobilenet_v1"
    title: ClassVar[str] = "MobileNet"
    paper: ClassVar[str] = "Howard et al. 2017"
    published_scale: ClassVar[str] = "symmetric"
    smallest_side: ClassVar[int] = 16

    def base(self, builder: GraphBuilder) -> Tensor:
        strides = 1 if builder.cifar_stem else 2
        x = builder.conv(builder.input, builder.filters(32), 3, "conv1", strides=strides)
        x = builder.relu6(builder.batch_norm(x, "conv1_bn"), "conv1_relu")
        for block, (filters, strides) in enumerate(BLOCKS, start=1):
            if strides == 2:
                x = builder.zero_pad(x, (0, 1), (0, 1), f"conv_pad_{block}")
            padding = "same" if strides == 1 else "valid"
            x = builder.depthwise_conv(x, 3, f"conv_dw_{block}", strides=strides, padding=padding)
            x = builder.relu6(builder.batch_norm(x, f"conv_dw_{block}_bn"), f"conv_dw_{block}_relu")
            x = builder.conv(x, builder.filters(filters), 1, f"conv_pw_{block}")
            x = builder.relu6(builder.batch_norm(x, f"conv_pw_{block}_bn"), f"conv_pw_{block}_relu")
        return x
