"""From a layer as a Keras file describes it to the plain layers of a graph. No TensorFlow.

What is not listed here is refused by its name: of a file, only known layers are built, and never its code.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from engine.backbones.graph import Tensor
from engine.backbones.graph_builder import GraphBuilder
from engine.contract.errors import DataError

Inputs = tuple[Tensor, ...]
PLAIN_ACTIVATIONS = frozenset({"softmax", "sigmoid", "tanh", "swish", "silu"})
INERT = frozenset(
    {"RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast", "GaussianNoise"}
)
"""Change nothing when a network classifies."""


class NoPlainLayer(DataError):
    """The file's layer has no counterpart in a graph."""


def add_layer(builder: GraphBuilder, kind: str, name: str, settings: Mapping[str, Any], inputs: Inputs) -> Tensor:
    """Add a layer of a Keras file, its activation apart from it.

    Raises:
        NoPlainLayer: the layer, or a setting of it, cannot be built.
    """
    if kind in INERT:
        return inputs[0]
    if kind not in _ADD:
        raise NoPlainLayer(f'layer "{name}" is of class {kind}, and code of a file is never run')
    if settings.get("data_format", "channels_last") not in ("channels_last", None):
        raise NoPlainLayer(f'layer "{name}" has its channels first')
    return _ADD[kind](builder, name, settings, inputs)


def _conv(builder: GraphBuilder, name: str, settings: Mapping[str, Any], inputs: Inputs) -> Tensor:
    _need(name, settings, dilation_rate=1, groups=1)
    x = builder.conv(
        inputs[0],
        settings["filters"],
        _side(name, settings["kernel_size"]),
        name,
        strides=_side(name, settings["strides"]),
        padding=settings["padding"],
        use_bias=settings["use_bias"],
    )
    return _activated(builder, name, settings, x)


def _depthwise(builder: GraphBuilder, name: str, settings: Mapping[str, Any], inputs: Inputs) -> Tensor:
    _need(name, settings, dilation_rate=1, depth_multiplier=1)
    x = builder.depthwise_conv(
        inputs[0],
        _side(name, settings["kernel_size"]),
        name,
        strides=_side(name, settings["strides"]),
        padding=settings["padding"],
        use_bias=settings["use_bias"],
    )
    return _activated(builder, name, settings, x)


def _dense(builder: GraphBuilder, name: str, settings: Mapping[str, Any], inputs: Inputs) -> Tensor:
    _need(name, settings, use_bias=True)
    if len(inputs[0].shape) != 1:
        raise NoPlainLayer(f'layer "{name}" is dense over a feature map; flatten or pool before it')
    return _activated(builder, name, settings, builder.dense(inputs[0], settings["units"], name))


def _batch_norm(builder: GraphBuilder, name: str, settings: Mapping[str, Any], inputs: Inputs) -> Tensor:
    _need(name, settings, scale=True, center=True)
    axis = settings["axis"][0] if isinstance(settings["axis"], list) else settings["axis"]
    if axis not in (-1, len(inputs[0].shape)):
        raise NoPlainLayer(f'layer "{name}" normalises along axis {axis}')
    return builder.batch_norm(inputs[0], name, settings["epsilon"])


def _relu(builder: GraphBuilder, name: str, settings: Mapping[str, Any], inputs: Inputs) -> Tensor:
    _need(name, settings, negative_slope=0, threshold=0)
    if settings.get("max_value") not in (None, 6):
        raise NoPlainLayer(f'layer "{name}" is a ReLU up to {settings["max_value"]}')
    return (builder.relu6 if settings.get("max_value") else builder.relu)(inputs[0], name)


def _activation(builder: GraphBuilder, name: str, settings: Mapping[str, Any], inputs: Inputs) -> Tensor:
    return _activate(builder, name, settings["activation"], inputs[0])


def _softmax(builder: GraphBuilder, name: str, settings: Mapping[str, Any], inputs: Inputs) -> Tensor:
    return _activate(builder, name, "softmax", inputs[0])


def _max_pool(builder: GraphBuilder, name: str, settings: Mapping[str, Any], inputs: Inputs) -> Tensor:
    return builder.max_pool(inputs[0], **_pooling(name, settings))


def _average_pool(builder: GraphBuilder, name: str, settings: Mapping[str, Any], inputs: Inputs) -> Tensor:
    return builder.average_pool(inputs[0], **_pooling(name, settings))


def _global_average(builder: GraphBuilder, name: str, settings: Mapping[str, Any], inputs: Inputs) -> Tensor:
    return builder.global_average_pool(inputs[0], name, keepdims=settings.get("keepdims", False))


def _flatten(builder: GraphBuilder, name: str, settings: Mapping[str, Any], inputs: Inputs) -> Tensor:
    return builder.flatten(inputs[0], name)


def _dropout(builder: GraphBuilder, name: str, settings: Mapping[str, Any], inputs: Inputs) -> Tensor:
    return builder.dropout(inputs[0], settings["rate"], name)


def _zero_pad(builder: GraphBuilder, name: str, settings: Mapping[str, Any], inputs: Inputs) -> Tensor:
    rows, columns = (tuple(sides) for sides in settings["padding"])
    return builder.zero_pad(inputs[0], rows, columns, name)


def _add(builder: GraphBuilder, name: str, settings: Mapping[str, Any], inputs: Inputs) -> Tensor:
    first, second = _two(name, inputs)
    return builder.add(first, second, name)


def _multiply(builder: GraphBuilder, name: str, settings: Mapping[str, Any], inputs: Inputs) -> Tensor:
    first, second = _two(name, inputs)
    return builder.multiply(first, second, name)


def _concatenate(builder: GraphBuilder, name: str, settings: Mapping[str, Any], inputs: Inputs) -> Tensor:
    if settings.get("axis", -1) not in (-1, len(inputs[0].shape)):
        raise NoPlainLayer(f'layer "{name}" joins along axis {settings["axis"]}')
    return builder.concatenate(inputs, name)


def _rescaling(builder: GraphBuilder, name: str, settings: Mapping[str, Any], inputs: Inputs) -> Tensor:
    """To 0..1, which `images.scale = "unit"` has done already."""
    if math.isclose(settings["scale"], 1 / 255, rel_tol=1e-4) and not settings.get("offset"):
        return inputs[0]
    raise NoPlainLayer(
        f'layer "{name}" scales images otherwise than to 0..1; save the model without it, and feed it as it expects'
    )


_ADD: Mapping[str, Callable[[GraphBuilder, str, Mapping[str, Any], Inputs], Tensor]] = {
    "Conv2D": _conv,
    "DepthwiseConv2D": _depthwise,
    "Dense": _dense,
    "BatchNormalization": _batch_norm,
    "ReLU": _relu,
    "Activation": _activation,
    "Softmax": _softmax,
    "MaxPooling2D": _max_pool,
    "AveragePooling2D": _average_pool,
    "GlobalAveragePooling2D": _global_average,
    "Flatten": _flatten,
    "Dropout": _dropout,
    "ZeroPadding2D": _zero_pad,
    "Add": _add,
    "Multiply": _multiply,
    "Concatenate": _concatenate,
    "Rescaling": _rescaling,
}


def _activated(builder: GraphBuilder, name: str, settings: Mapping[str, Any], x: Tensor) -> Tensor:
    activation = settings.get("activation") or "linear"
    label = activation if isinstance(activation, str) else "activation"
    return _activate(builder, f"{name}_{label}", activation, x)


def _activate(builder: GraphBuilder, name: str, activation: Any, x: Tensor) -> Tensor:
    if activation == "linear":
        return x
    if activation in ("relu", "relu6"):
        return getattr(builder, activation)(x, name)
    if not isinstance(activation, str) or activation not in PLAIN_ACTIVATIONS:
        raise NoPlainLayer(f'the activation of "{name}" is none of the plain ones, and code of a file is never run')
    return builder.activation(x, activation, name)


def _pooling(name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    size = _side(name, settings["pool_size"])
    strides = _side(name, settings.get("strides") or size)
    return {"size": size, "name": name, "strides": strides, "padding": settings["padding"]}


def _two(name: str, inputs: Inputs) -> tuple[Tensor, Tensor]:
    if len(inputs) != 2 or inputs[0].shape != inputs[1].shape:
        raise NoPlainLayer(f'layer "{name}" joins {len(inputs)} tensors of shapes that are not two equal ones')
    return inputs[0], inputs[1]


def _need(name: str, settings: Mapping[str, Any], **values: Any) -> None:
    for key, value in values.items():
        found = settings.get(key, value)
        if found not in (value, [value, value], None):
            raise NoPlainLayer(f'layer "{name}" has {key} = {found}')


def _side(name: str, sides: Any) -> int:
    first, *rest = sides if isinstance(sides, list) else [sides]
    if any(side != first for side in rest):
        raise NoPlainLayer(f'layer "{name}" is not square ({sides})')
    return int(first)
