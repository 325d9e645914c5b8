"""From a layer as a Keras file describes it to the plain layers of a graph. No TensorFlow.

A layer that is not listed here is refused by name: only known layers of a file are built, and its code never runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import prod
from typing import Any

from engine.contract.errors import DataError
from engine.graph.graph_builder import GraphBuilder
from engine.graph.layer_graph import LayerSettings, StoredAs, Tensor

Inputs = tuple[Tensor, ...]
PLAIN_ACTIVATIONS = frozenset({"softmax", "sigmoid", "tanh", "swish", "silu", "elu", "selu", "gelu", "softplus"})
"""That tf_keras computes as every version of Keras does."""
STRING_LEAKY_SLOPE = 0.2
"""Of the activation "leaky_relu" by its name; the layer says its own."""
INERT = frozenset(
    {
        *("RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast", "RandomBrightness"),
        *("GaussianNoise", "GaussianDropout", "ActivityRegularization", "Identity"),
    }
)
"""Change nothing when a network classifies."""
OTHERWISE_IN_TRAINING = INERT - {"ActivityRegularization", "Identity"} | {
    *("Dropout", "SpatialDropout2D", "AlphaDropout", "BatchNormalization"),
}


class NoPlainLayer(DataError):
    """The file's layer has no counterpart in a graph."""


def add_layer(
    builder: GraphBuilder,
    kind: str,
    name: str,
    settings: LayerSettings,
    inputs: Inputs,
    call: LayerSettings,
) -> Tensor:
    """Add a layer of a Keras file, its activation apart from it.

    Args:
        call: what the file calls it with beside its inputs.

    Raises:
        NoPlainLayer: the layer, or a setting of it, cannot be built.
    """
    if kind not in known_classes():
        raise NoPlainLayer(f'layer "{name}" is of class {kind}, and code in a file is never run')
    refuse_unknown_call(kind, name, call)
    if kind in INERT:
        return inputs[0]
    if settings.get("data_format", "channels_last") not in ("channels_last", None):
        raise NoPlainLayer(f'layer "{name}" has its channels first')
    return _ADD[kind](builder, name, settings, inputs)


def known_classes() -> frozenset[str]:
    """The layers that can be built, or left out."""
    return INERT | frozenset(_ADD)


def refuse_unknown_call(kind: str, name: str, call: LayerSettings) -> None:
    """Raises: NoPlainLayer: a layer is called in a way that changes what it computes."""
    if call.get("training") and kind in OTHERWISE_IN_TRAINING:
        raise NoPlainLayer(
            f'layer "{name}" is called with training = True, so that its results depend on chance or on the other '
            "images; call it without"
        )
    if others := [key for key in call if key != "training"]:
        raise NoPlainLayer(f'layer "{name}" is called with {", ".join(others)}; call it with its inputs alone')


def _conv(builder: GraphBuilder, name: str, settings: LayerSettings, inputs: Inputs) -> Tensor:
    _need(name, settings, groups=1)
    x = builder.conv(inputs[0], settings["filters"], name=name, **_convolution(name, settings))
    return _activated(builder, name, settings, x)


def _depthwise(builder: GraphBuilder, name: str, settings: LayerSettings, inputs: Inputs) -> Tensor:
    _need(name, settings, depth_multiplier=1)
    x = builder.depthwise_conv(inputs[0], name=name, **_convolution(name, settings))
    return _activated(builder, name, settings, x)


def _separable(builder: GraphBuilder, name: str, settings: LayerSettings, inputs: Inputs) -> Tensor:
    """A depthwise convolution and one of 1×1 after it, which takes the bias."""
    _need(name, settings, depth_multiplier=1)
    stored = builder.stored or StoredAs(name)
    of_depth = _convolution(name, settings) | {"use_bias": False}
    builder.stored = replace(stored, arrays=(0,))
    x = builder.depthwise_conv(inputs[0], name=f"{name}_depthwise", **of_depth)
    use_bias = settings["use_bias"]
    builder.stored = replace(stored, arrays=(1, 2) if use_bias else (1,))
    x = builder.conv(x, settings["filters"], 1, name, padding="valid", use_bias=use_bias)
    builder.stored = stored
    return _activated(builder, name, settings, x)


def _dense(builder: GraphBuilder, name: str, settings: LayerSettings, inputs: Inputs) -> Tensor:
    if len(inputs[0].shape) != 1:
        raise NoPlainLayer(f'layer "{name}" is dense over a feature map; flatten or pool before it')
    x = builder.dense(inputs[0], settings["units"], name, use_bias=settings.get("use_bias", True))
    return _activated(builder, name, settings, x)


def _batch_norm(builder: GraphBuilder, name: str, settings: LayerSettings, inputs: Inputs) -> Tensor:
    _need(name, settings, renorm=False)
    axis = settings["axis"][0] if isinstance(settings["axis"], list) else settings["axis"]
    if axis not in (-1, len(inputs[0].shape)):
        raise NoPlainLayer(f'layer "{name}" normalises along axis {axis}')
    learnt = {part: bool(settings.get(part, True)) for part in ("scale", "center")}
    return builder.batch_norm(inputs[0], name, settings["epsilon"], **learnt)


def _relu(builder: GraphBuilder, name: str, settings: LayerSettings, inputs: Inputs) -> Tensor:
    _need(name, settings, threshold=0)
    slope, limit = float(_number(settings.get("negative_slope") or 0)), settings.get("max_value")
    if limit is not None and (_number(limit) != 6 or slope):
        raise NoPlainLayer(f'layer "{name}" is a ReLU up to {_number(limit):g}, and only those up to 6 are known')
    if slope:
        return builder.leaky_relu(inputs[0], slope, name)
    return (builder.relu if limit is None else builder.relu6)(inputs[0], name)


def _leaky_relu(builder: GraphBuilder, name: str, settings: LayerSettings, inputs: Inputs) -> Tensor:
    slope = settings["alpha"] if "alpha" in settings else settings["negative_slope"]  # Keras 2, Keras 3.
    return builder.leaky_relu(inputs[0], float(_number(slope)), name)


def _elu(builder: GraphBuilder, name: str, settings: LayerSettings, inputs: Inputs) -> Tensor:
    return builder.elu(inputs[0], float(_number(settings["alpha"])), name)


def _prelu(builder: GraphBuilder, name: str, settings: LayerSettings, inputs: Inputs) -> Tensor:
    return builder.prelu(inputs[0], tuple(settings.get("shared_axes") or ()), name)


def _activation(builder: GraphBuilder, name: str, settings: LayerSettings, inputs: Inputs) -> Tensor:
    return _activate(builder, name, settings["activation"], inputs[0])


def _softmax(builder: GraphBuilder, name: str, settings: LayerSettings, inputs: Inputs) -> Tensor:
    if settings.get("axis", -1) not in (-1, len(inputs[0].shape)):
        raise NoPlainLayer(f'layer "{name}" is a softmax along axis {settings["axis"]}')
    return _activate(builder, name, "softmax", inputs[0])


def _max_pool(builder: GraphBuilder, name: str, settings: LayerSettings, inputs: Inputs) -> Tensor:
    return builder.max_pool(inputs[0], **_pooling(name, settings))


def _average_pool(builder: GraphBuilder, name: str, settings: LayerSettings, inputs: Inputs) -> Tensor:
    return builder.average_pool(inputs[0], **_pooling(name, settings))


def _global_average(builder: GraphBuilder, name: str, settings: LayerSettings, inputs: Inputs) -> Tensor:
    return builder.global_average_pool(inputs[0], name, keepdims=settings.get("keepdims", False))


def _global_max(builder: GraphBuilder, name: str, settings: LayerSettings, inputs: Inputs) -> Tensor:
    return builder.global_max_pool(inputs[0], name, keepdims=settings.get("keepdims", False))


def _reshape(builder: GraphBuilder, name: str, settings: LayerSettings, inputs: Inputs) -> Tensor:
    shape = tuple(int(side) for side in settings["target_shape"])
    values = prod(inputs[0].shape)
    if shape.count(-1) == 1:
        shape = tuple(values // -prod(shape) if side == -1 else side for side in shape)
    if prod(shape) != values:
        raise NoPlainLayer(f'layer "{name}" gives {values} values the shape {shape}')
    return builder.reshape(inputs[0], shape, name)


def _flatten(builder: GraphBuilder, name: str, settings: LayerSettings, inputs: Inputs) -> Tensor:
    return builder.flatten(inputs[0], name)


def _dropout(builder: GraphBuilder, name: str, settings: LayerSettings, inputs: Inputs) -> Tensor:
    together = settings.get("noise_shape")
    return builder.dropout(inputs[0], settings["rate"], name, tuple(together) if together else None)


def _spatial_dropout(builder: GraphBuilder, name: str, settings: LayerSettings, inputs: Inputs) -> Tensor:
    return builder.dropout(inputs[0], settings["rate"], name, (None, 1, 1, None))


def _zero_pad(builder: GraphBuilder, name: str, settings: LayerSettings, inputs: Inputs) -> Tensor:
    rows, columns = (tuple(sides) for sides in settings["padding"])
    return builder.zero_pad(inputs[0], rows, columns, name)


def _add(builder: GraphBuilder, name: str, settings: LayerSettings, inputs: Inputs) -> Tensor:
    if len(inputs) < 2 or any(one.shape != inputs[0].shape for one in inputs):
        raise NoPlainLayer(f'layer "{name}" adds {len(inputs)} tensors, which are not two or more of one shape')
    x, *others = inputs
    for number, other in enumerate(others, start=1):
        x = builder.add(x, other, name if number == len(others) else f"{name}_{number}")
    return x


def _multiply(builder: GraphBuilder, name: str, settings: LayerSettings, inputs: Inputs) -> Tensor:
    """Of one shape, or a feature map and one value per channel, as squeeze and excitation has it."""
    if len(inputs) != 2:
        raise NoPlainLayer(f'layer "{name}" multiplies {len(inputs)} tensors; two are known')
    large, small = sorted(inputs, key=lambda one: prod(one.shape), reverse=True)
    if small.shape != large.shape and small.shape != (1, 1, large.shape[-1]):
        raise NoPlainLayer(f'layer "{name}" multiplies the shapes {large.shape} and {small.shape}')
    return builder.multiply(large, small, name)


def _concatenate(builder: GraphBuilder, name: str, settings: LayerSettings, inputs: Inputs) -> Tensor:
    if settings.get("axis", -1) not in (-1, len(inputs[0].shape)):
        raise NoPlainLayer(f'layer "{name}" joins along axis {settings["axis"]}')
    return builder.concatenate(inputs, name)


_ADD: Mapping[str, Callable[[GraphBuilder, str, LayerSettings, Inputs], Tensor]] = {
    "Conv2D": _conv,
    "DepthwiseConv2D": _depthwise,
    "SeparableConv2D": _separable,
    "Dense": _dense,
    "BatchNormalization": _batch_norm,
    "ReLU": _relu,
    "LeakyReLU": _leaky_relu,
    "ELU": _elu,
    "PReLU": _prelu,
    "Activation": _activation,
    "Softmax": _softmax,
    "MaxPooling2D": _max_pool,
    "AveragePooling2D": _average_pool,
    "GlobalAveragePooling2D": _global_average,
    "GlobalMaxPooling2D": _global_max,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Dropout": _dropout,
    "SpatialDropout2D": _spatial_dropout,
    "ZeroPadding2D": _zero_pad,
    "Add": _add,
    "Multiply": _multiply,
    "Concatenate": _concatenate,
}


def _activated(builder: GraphBuilder, name: str, settings: LayerSettings, x: Tensor) -> Tensor:
    activation = settings.get("activation") or "linear"
    label = activation if isinstance(activation, str) else "activation"
    return _activate(builder, f"{name}_{label}", activation, x)


def _activate(builder: GraphBuilder, name: str, activation: object, x: Tensor) -> Tensor:
    if activation == "linear":
        return x
    if activation in ("relu", "relu6"):
        return getattr(builder, activation)(x, name)
    if activation == "leaky_relu":
        return builder.leaky_relu(x, STRING_LEAKY_SLOPE, name)
    if not isinstance(activation, str) or activation not in PLAIN_ACTIVATIONS:
        called = f' ("{activation}")' if isinstance(activation, str) else ""
        raise NoPlainLayer(f'the activation of "{name}"{called} is not a known one, and code is never run')
    return builder.activation(x, activation, name)


def _pooling(name: str, settings: LayerSettings) -> dict[str, Any]:
    size = _side(name, settings["pool_size"])
    strides = _side(name, settings.get("strides") or size)
    return {"size": size, "name": name, "strides": strides, "padding": settings["padding"]}


def _convolution(name: str, settings: LayerSettings) -> dict[str, Any]:
    if settings["padding"] not in ("same", "valid"):
        raise NoPlainLayer(f'layer "{name}" has the padding "{settings["padding"]}"')
    return {
        "kernel": _side(name, settings["kernel_size"]),
        "strides": _side(name, settings["strides"]),
        "padding": settings["padding"],
        "use_bias": settings["use_bias"],
        "dilation": _side(name, settings.get("dilation_rate") or 1),
    }


def _number(value: Any) -> float:
    """Keras 2 writes some numbers as an array's description."""
    if isinstance(value, dict):
        value = value.get("value", value.get("config", {}).get("value"))
    if isinstance(value, list):
        (value,) = value
    return float(value)


def _need(name: str, settings: LayerSettings, **values: object) -> None:
    for key, value in values.items():
        found = settings.get(key, value)
        if found not in (value, [value, value], None):
            raise NoPlainLayer(f'layer "{name}" has {key} = {found}')


def _side(name: str, sides: int | list[int]) -> int:
    first, *rest = sides if isinstance(sides, list) else [sides]
    if any(side != first for side in rest):
        raise NoPlainLayer(f'layer "{name}" is not square ({sides})')
    return int(first)
