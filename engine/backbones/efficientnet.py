"""The parts that EfficientNet-B0 and its Lite form share (Tan and Le 2019, arXiv:1905.11946, table 1).

Layers are named as in `tf_keras.applications`. Its explicit zeros before a convolution of stride 2 are those of padding
"same". There is neither stochastic depth nor dropout: a training depends on its batches alone, so that it goes on
after a break as if there had been none.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.graph.graph_builder import GraphBuilder
from engine.graph.layer_graph import Tensor

STEM_FILTERS, LAST_FILTERS = 32, 1280
SQUEEZED_SHARE = 0.25
"""Of the channels that a block is given."""


@dataclass(frozen=True)
class InvertedResiduals:
    """One stage: a row of the paper's table 1, from its second to its eighth."""

    kernel: int
    blocks: int
    filters: int
    expansion: int
    """Channels of the depthwise convolution over those of the block's input."""
    strides: int
    """Of the first block."""


STAGES = (
    InvertedResiduals(3, blocks=1, filters=16, expansion=1, strides=1),
    InvertedResiduals(3, blocks=2, filters=24, expansion=6, strides=2),
    InvertedResiduals(5, blocks=2, filters=40, expansion=6, strides=2),
    InvertedResiduals(3, blocks=3, filters=80, expansion=6, strides=2),
    InvertedResiduals(5, blocks=3, filters=112, expansion=6, strides=1),
    InvertedResiduals(5, blocks=4, filters=192, expansion=6, strides=2),
    InvertedResiduals(3, blocks=1, filters=320, expansion=6, strides=1),
)


def efficientnet_base(builder: GraphBuilder, *, lite: bool) -> Tensor:
    """A convolution (of stride 1 for small images), seven stages of inverted residuals, and a last 1×1 convolution.

    Args:
        lite: ReLU up to 6 for swish, no squeeze and excitation, and a first and last convolution that the width leaves
            as they are.
    """
    first, last = (count if lite else builder.filters_by_eight(count) for count in (STEM_FILTERS, LAST_FILTERS))
    strides = 1 if builder.cifar_stem else 2
    x = builder.batch_norm(builder.conv(builder.input, first, 3, "stem_conv", strides=strides), "stem_bn")
    x = _activate(builder, x, "stem_activation", lite)
    for number, stage in enumerate(STAGES, start=1):
        for block in range(stage.blocks):
            strides = stage.strides if block == 0 else 1
            x = _block(builder, x, stage, strides, f"block{number}{'abcd'[block]}_", lite)
    x = builder.batch_norm(builder.conv(x, last, 1, "top_conv"), "top_bn")
    return _activate(builder, x, "top_activation", lite)


def _block(builder: GraphBuilder, x: Tensor, stage: InvertedResiduals, strides: int, name: str, lite: bool) -> Tensor:
    """An inverted residual: expand, filter each channel, weigh the channels, project."""
    given, filters = x.shape[-1], builder.filters_by_eight(stage.filters)
    y = x
    if stage.expansion != 1:
        y = builder.batch_norm(builder.conv(y, stage.expansion * given, 1, f"{name}expand_conv"), f"{name}expand_bn")
        y = _activate(builder, y, f"{name}expand_activation", lite)
    y = builder.depthwise_conv(y, stage.kernel, f"{name}dwconv", strides=strides)
    y = _activate(builder, builder.batch_norm(y, f"{name}bn"), f"{name}activation", lite)
    if not lite:
        y = _squeeze_excite(builder, y, max(1, int(SQUEEZED_SHARE * given)), name)
    y = builder.batch_norm(builder.conv(y, filters, 1, f"{name}project_conv"), f"{name}project_bn")
    return builder.add(y, x, f"{name}add") if strides == 1 and given == filters else y


def _squeeze_excite(builder: GraphBuilder, x: Tensor, squeezed: int, name: str) -> Tensor:
    """Weigh each channel by a small network's view of all channels' means (Hu et al. 2018)."""
    weights = builder.global_average_pool(x, f"{name}se_squeeze", keepdims=True)
    weights = builder.conv(weights, squeezed, 1, f"{name}se_reduce", use_bias=True)
    weights = builder.activation(weights, "swish", f"{name}se_reduce_activation")
    weights = builder.conv(weights, x.shape[-1], 1, f"{name}se_expand", use_bias=True)
    return builder.multiply(x, builder.activation(weights, "sigmoid", f"{name}se_sigmoid"), f"{name}se_excite")


def _activate(builder: GraphBuilder, x: Tensor, name: str, lite: bool) -> Tensor:
    return builder.relu6(x, name) if lite else builder.activation(x, "swish", name)
