"""A network as plain data: one flat graph of plain layers, built without TensorFlow.

The wizard counts parameters and multiply-accumulates from it while the user chooses; `keras_network` builds the same
graph in Keras. Layers are named, in order, so that weights files match by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from types import MappingProxyType
from typing import Any

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Layer:
    """One layer: its kind is the Keras class's name, its settings are that class's arguments."""

    name: str
    kind: str
    settings: Mapping[str, Any]
    inputs: tuple[str, ...]
    shape: Shape
    """Output shape without the batch: (height, width, channels) or (features,)."""
    parameters: int = 0
    trainable_parameters: int = 0
    macs: int = 0
    in_head: bool = False


@dataclass(frozen=True)
class Tensor:
    """The output of a layer, as the builder hands it on."""

    name: str
    shape: Shape


@dataclass(frozen=True)
class LayerGraph:
    """A whole network; `layers` are in topological order, the first is the input, the last the output."""

    layers: tuple[Layer, ...]

    @property
    def parameters(self) -> int:
        return sum(layer.parameters for layer in self.layers)

    def trainable_parameters(self, freeze_base: bool = False) -> int:
        """Parameters that training changes; with `freeze_base` those of the head only."""
        return sum(layer.trainable_parameters for layer in self.layers if layer.in_head or not freeze_base)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of convolutions and dense layers for one image."""
        return sum(layer.macs for layer in self.layers)

    @property
    def input_shape(self) -> Shape:
        return self.layers[0].shape


@dataclass
class GraphBuilder:
    """Adds layers one by one, and works out shapes, parameters and multiply-accumulates as it goes."""

    input_shape: Shape
    width: float = 1.0
    momentum: float = 0.9
    """Of batch normalisation: moving averages that mean something after a few dozen batches."""
    layers: list[Layer] = field(default_factory=list)
    in_head: bool = False

    def __post_init__(self) -> None:
        self._add("input", "InputLayer", {}, (), self.input_shape)

    @property
    def input(self) -> Tensor:
        return Tensor(self.layers[0].name, self.layers[0].shape)

    def filters(self, count: int) -> int:
        """`count` filters scaled by the width multiplier, at least 1."""
        return max(1, round(count * self.width))

    def conv(
        self,
        x: Tensor,
        filters: int,
        kernel: int,
        name: str,
        *,
        strides: int = 1,
        padding: str = "same",
        use_bias: bool = False,
    ) -> Tensor:
        """A convolution with `filters` output channels (already scaled by the width)."""
        height, width, channels = x.shape
        shape = (_out(height, kernel, strides, padding), _out(width, kernel, strides, padding), filters)
        weights = kernel * kernel * channels * filters
        settings = {
            "filters": filters,
            "kernel_size": kernel,
            "strides": strides,
            "padding": padding,
            "use_bias": use_bias,
        }
        parameters = weights + (filters if use_bias else 0)
        return self._add(
            name, "Conv2D", settings, (x,), shape, parameters, parameters, macs=shape[0] * shape[1] * weights
        )

    def depthwise_conv(
        self, x: Tensor, kernel: int, name: str, *, strides: int = 1, padding: str = "same", use_bias: bool = False
    ) -> Tensor:
        """A depthwise convolution, one filter a channel."""
        height, width, channels = x.shape
        shape = (_out(height, kernel, strides, padding), _out(width, kernel, strides, padding), channels)
        weights = kernel * kernel * channels
        settings = {"kernel_size": kernel, "strides": strides, "padding": padding, "use_bias": use_bias}
        parameters = weights + (channels if use_bias else 0)
        return self._add(
            name, "DepthwiseConv2D", settings, (x,), shape, parameters, parameters, macs=shape[0] * shape[1] * weights
        )

    def batch_norm(self, x: Tensor, name: str, epsilon: float = 1e-3, *, ends_branch: bool = False) -> Tensor:
        """Batch normalisation; one that ends a residual branch begins with scale 0 (Goyal et al. 2017, section 5.1)."""
        channels = x.shape[-1]
        begin = {"gamma_initializer": "zeros"} if ends_branch else {}
        return self._add(
            name,
            "BatchNormalization",
            {"momentum": self.momentum, "epsilon": epsilon, **begin},
            (x,),
            x.shape,
            4 * channels,
            2 * channels,
        )

    def relu(self, x: Tensor, name: str, max_value: float | None = None) -> Tensor:
        return self._add(name, "ReLU", {"max_value": max_value}, (x,), x.shape)

    def activation(self, x: Tensor, kind: str, name: str) -> Tensor:
        return self._add(name, "Activation", {"activation": kind}, (x,), x.shape)

    def zero_pad(self, x: Tensor, before: int, after: int, name: str) -> Tensor:
        height, width, channels = x.shape
        both = before + after
        settings = {"padding": ((before, after), (before, after))}
        return self._add(name, "ZeroPadding2D", settings, (x,), (height + both, width + both, channels))

    def max_pool(
        self, x: Tensor, size: int, name: str, *, strides: int | None = None, padding: str = "valid"
    ) -> Tensor:
        return self._pool("MaxPooling2D", x, size, name, strides or size, padding)

    def average_pool(
        self, x: Tensor, size: int, name: str, *, strides: int | None = None, padding: str = "valid"
    ) -> Tensor:
        return self._pool("AveragePooling2D", x, size, name, strides or size, padding)

    def global_average_pool(self, x: Tensor, name: str = "gap", keepdims: bool = False) -> Tensor:
        channels = x.shape[-1]
        shape = (1, 1, channels) if keepdims else (channels,)
        return self._add(name, "GlobalAveragePooling2D", {"keepdims": keepdims}, (x,), shape)

    def flatten(self, x: Tensor, name: str = "flatten") -> Tensor:
        return self._add(name, "Flatten", {}, (x,), (prod(x.shape),))

    def dropout(self, x: Tensor, rate: float, name: str) -> Tensor:
        return self._add(name, "Dropout", {"rate": rate}, (x,), x.shape)

    def add(self, x: Tensor, y: Tensor, name: str) -> Tensor:
        return self._add(name, "Add", {}, (x, y), x.shape)

    def multiply(self, x: Tensor, y: Tensor, name: str) -> Tensor:
        return self._add(name, "Multiply", {}, (x, y), x.shape)

    def concatenate(self, tensors: tuple[Tensor, ...], name: str) -> Tensor:
        shape = (*tensors[0].shape[:-1], sum(tensor.shape[-1] for tensor in tensors))
        return self._add(name, "Concatenate", {}, tensors, shape)

    def dense(self, x: Tensor, units: int, name: str, activation: str = "linear") -> Tensor:
        weights = x.shape[-1] * units
        settings = {"units": units, "activation": activation, "kernel_initializer": "glorot_uniform"}
        return self._add(name, "Dense", settings, (x,), (units,), weights + units, weights + units, macs=weights)

    def graph(self) -> LayerGraph:
        return LayerGraph(tuple(self.layers))

    def _pool(self, kind: str, x: Tensor, size: int, name: str, strides: int, padding: str) -> Tensor:
        height, width, channels = x.shape
        shape = (_out(height, size, strides, padding), _out(width, size, strides, padding), channels)
        return self._add(name, kind, {"pool_size": size, "strides": strides, "padding": padding}, (x,), shape)

    def _add(
        self,
        name: str,
        kind: str,
        settings: Mapping[str, Any],
        inputs: tuple[Tensor, ...],
        shape: Shape,
        parameters: int = 0,
        trainable_parameters: int = 0,
        macs: int = 0,
    ) -> Tensor:
        if any(layer.name == name for layer in self.layers):
            raise ValueError(f'Two layers are called "{name}".')
        if min(shape) < 1:
            raise TooSmall(name)
        names = tuple(tensor.name for tensor in inputs)
        self.layers.append(
            Layer(
                name,
                kind,
                MappingProxyType(dict(settings)),
                names,
                shape,
                parameters,
                trainable_parameters,
                macs,
                self.in_head,
            )
        )
        return Tensor(name, shape)


class TooSmall(ValueError):
    """The image is smaller than the network's poolings need; the argument is the layer that has nothing left."""


def _out(size: int, kernel: int, strides: int, padding: str) -> int:
    return -(-size // strides) if padding == "same" else (size - kernel) // strides + 1
