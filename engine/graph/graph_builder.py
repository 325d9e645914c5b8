"""Adds layer to layer, and works out shapes, parameters and multiply-accumulates on the way. No TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from types import MappingProxyType

from engine.graph.keras_objects import LayerConfig
from engine.graph.layer_graph import Layer, LayerGraph, LayerSettings, Shape, StoredAs, Tensor
from engine.graph.layout import DEFAULT_LAYOUT, Layout

INPUT = "input"
CIFAR_STEM_BELOW = 64
"""Pixels: smaller images keep their resolution through the first layers, as networks for CIFAR do."""


@dataclass
class GraphBuilder:
    """Adds layers one by one, and works out shapes, parameters and multiply-accumulates as it goes."""

    input_shape: Shape
    width: float = 1.0
    momentum: float = 0.9
    """Of batch normalisation: moving averages that mean something after a few dozen batches."""
    layers: dict[str, Layer] = field(default_factory=dict)
    """By name, in topological order."""
    in_head: bool = False
    stored: StoredAs | None = None
    """Where a file has the weights of the layers that are added next; None: under their own names."""
    constants: set[str] = field(default_factory=set)
    """Layers of a file whose weights are settings here, or not needed."""
    layout: Layout = DEFAULT_LAYOUT

    def __post_init__(self) -> None:
        self._add(INPUT, "InputLayer", {}, (), self.input_shape)

    @property
    def input(self) -> Tensor:
        return Tensor(INPUT, self.input_shape)

    @property
    def cifar_stem(self) -> bool:
        """Whether a side of the images is below 64 pixels, so that the first layers keep their resolution."""
        if self.layout.small_stem is not None:
            return self.layout.small_stem
        return min(self.input_shape[:2]) < CIFAR_STEM_BELOW

    def filters(self, count: int) -> int:
        """`count` filters scaled by the width multiplier, at least 1."""
        return max(1, round(count * self.width))

    def filters_by_eight(self, count: int) -> int:
        """The same as a multiple of 8, as MobileNetV2 and V3 have them."""
        return divisible_by_eight(count * self.width)

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
        dilation: int = 1,
    ) -> Tensor:
        """A convolution with `filters` output channels (already scaled by the width)."""
        reach = dilation * (kernel - 1) + 1
        x, padding = self._evenly_padded(x, reach, strides, padding, name)
        height, width, channels = x.shape
        shape = (_out(height, reach, strides, padding), _out(width, reach, strides, padding), filters)
        weights = kernel * kernel * channels * filters
        settings = {
            "filters": filters,
            "kernel_size": kernel,
            "strides": strides,
            "padding": padding,
            "use_bias": use_bias,
            **({"dilation_rate": dilation} if dilation > 1 else {}),
        }
        parameters = weights + (filters if use_bias else 0)
        return self._add(
            name, "Conv2D", settings, (x,), shape, parameters, parameters, macs=shape[0] * shape[1] * weights
        )

    def depthwise_conv(
        self,
        x: Tensor,
        kernel: int,
        name: str,
        *,
        strides: int = 1,
        padding: str = "same",
        use_bias: bool = False,
        dilation: int = 1,
    ) -> Tensor:
        """A depthwise convolution, one filter per channel."""
        reach = dilation * (kernel - 1) + 1
        x, padding = self._evenly_padded(x, reach, strides, padding, name)
        height, width, channels = x.shape
        shape = (_out(height, reach, strides, padding), _out(width, reach, strides, padding), channels)
        weights = kernel * kernel * channels
        dilated = {"dilation_rate": dilation} if dilation > 1 else {}
        settings = {"kernel_size": kernel, "strides": strides, "padding": padding, "use_bias": use_bias, **dilated}
        parameters = weights + (channels if use_bias else 0)
        return self._add(
            name, "DepthwiseConv2D", settings, (x,), shape, parameters, parameters, macs=shape[0] * shape[1] * weights
        )

    def batch_norm(
        self,
        x: Tensor,
        name: str,
        epsilon: float = 1e-3,
        *,
        ends_branch: bool = False,
        scale: bool = True,
        center: bool = True,
    ) -> Tensor:
        """Batch normalisation; one that ends a residual branch begins with scale 0 (Goyal et al. 2017, section 5.1)."""
        channels = x.shape[-1]
        fixed = self.layout.epsilon
        settings: LayerConfig = {"momentum": self.momentum, "epsilon": epsilon if fixed is None else fixed}
        settings |= {"gamma_initializer": "zeros"} if ends_branch else {}
        settings |= {name: False for name, learnt in (("scale", scale), ("center", center)) if not learnt}
        learnt = (scale + center) * channels
        return self._add(name, "BatchNormalization", settings, (x,), x.shape, learnt + 2 * channels, learnt)

    def relu(self, x: Tensor, name: str) -> Tensor:
        return self._add(name, "ReLU", {}, (x,), x.shape)

    def relu6(self, x: Tensor, name: str) -> Tensor:
        return self._add(name, "ReLU", {"max_value": 6.0}, (x,), x.shape)

    def activation(self, x: Tensor, kind: str, name: str) -> Tensor:
        return self._add(name, "Activation", {"activation": kind}, (x,), x.shape)

    def elu(self, x: Tensor, alpha: float, name: str) -> Tensor:
        return self._add(name, "ELU", {"alpha": alpha}, (x,), x.shape)

    def leaky_relu(self, x: Tensor, alpha: float, name: str) -> Tensor:
        """x, or alpha · x below 0."""
        return self._add(name, "LeakyReLU", {"alpha": alpha}, (x,), x.shape)

    def prelu(self, x: Tensor, shared_axes: tuple[int, ...], name: str) -> Tensor:
        """A leaky ReLU whose slope is learnt, one for each value but along the axes (from 1) that share it."""
        sides = [1 if axis in shared_axes else side for axis, side in enumerate(x.shape, start=1)]
        settings = {"shared_axes": list(shared_axes) or None}
        return self._add(name, "PReLU", settings, (x,), x.shape, prod(sides), prod(sides))

    def channel_scaling(self, x: Tensor, scale: tuple[float, ...], offset: tuple[float, ...], name: str) -> Tensor:
        """scale · x + offset, one of each or one per channel; not trained."""
        return self._add(name, "ChannelScaling", {"scale": scale, "offset": offset}, (x,), x.shape)

    def reshape(self, x: Tensor, shape: Shape, name: str) -> Tensor:
        """The same values in another shape."""
        return self._add(name, "Reshape", {"target_shape": shape}, (x,), shape)

    def hard_swish(self, x: Tensor, name: str) -> Tensor:
        """x · relu6(x + 3) / 6 (Howard et al. 2019, arXiv:1905.02244, section 5.2)."""
        return self._add(name, "HardSwish", {}, (x,), x.shape)

    def hard_sigmoid(self, x: Tensor, name: str) -> Tensor:
        """relu6(x + 3) / 6."""
        return self._add(name, "HardSigmoid", {}, (x,), x.shape)

    def zero_pad(self, x: Tensor, rows: tuple[int, int], columns: tuple[int, int], name: str) -> Tensor:
        """Zeros (before, after) the rows and the columns."""
        height, width, channels = x.shape
        shape = (height + sum(rows), width + sum(columns), channels)
        return self._add(name, "ZeroPadding2D", {"padding": (rows, columns)}, (x,), shape)

    def pad_for_stride_two(self, x: Tensor, kernel: int, name: str) -> Tensor:
        """Zeros for a "valid" convolution of stride 2, placed as TensorFlow places those of padding "same" on an even
        side and symmetrically on an odd one: what the weights of `tf_keras.applications` were trained with. Of a
        layout that pads evenly, symmetrically."""
        middle = kernel // 2
        if self.layout.pads_evenly:
            return self.zero_pad(x, (middle, middle), (middle, middle), name)
        rows, columns = ((middle - 1 + side % 2, middle) for side in x.shape[:2])
        return self.zero_pad(x, rows, columns, name)

    def max_pool(
        self, x: Tensor, size: int, name: str, *, strides: int | None = None, padding: str = "valid"
    ) -> Tensor:
        strides = strides or size
        x, padding = self._evenly_padded(x, size, strides, padding, name)
        return self._pool("MaxPooling2D", x, size, name, strides, padding)

    def average_pool(
        self, x: Tensor, size: int, name: str, *, strides: int | None = None, padding: str = "valid"
    ) -> Tensor:
        return self._pool("AveragePooling2D", x, size, name, strides or size, padding)

    def global_average_pool(self, x: Tensor, name: str = "gap", keepdims: bool = False) -> Tensor:
        channels = x.shape[-1]
        shape = (1, 1, channels) if keepdims else (channels,)
        return self._add(name, "GlobalAveragePooling2D", {"keepdims": keepdims}, (x,), shape)

    def global_max_pool(self, x: Tensor, name: str, keepdims: bool = False) -> Tensor:
        channels = x.shape[-1]
        shape = (1, 1, channels) if keepdims else (channels,)
        return self._add(name, "GlobalMaxPooling2D", {"keepdims": keepdims}, (x,), shape)

    def flatten(self, x: Tensor, name: str = "flatten") -> Tensor:
        return self._add(name, "Flatten", {}, (x,), (prod(x.shape),))

    def dropout(self, x: Tensor, rate: float, name: str, kept_together: tuple[int | None, ...] | None = None) -> Tensor:
        """
        Args:
            kept_together: Keras' `noise_shape`: 1 for the axes, the batch's first, along which values drop together.
        """
        settings: LayerConfig = {"rate": rate}
        settings |= {"noise_shape": kept_together} if kept_together else {}
        return self._add(name, "Dropout", settings, (x,), x.shape)

    def add(self, x: Tensor, y: Tensor, name: str) -> Tensor:
        return self._add(name, "Add", {}, (x, y), x.shape)

    def multiply(self, x: Tensor, y: Tensor, name: str) -> Tensor:
        return self._add(name, "Multiply", {}, (x, y), x.shape)

    def concatenate(self, tensors: tuple[Tensor, ...], name: str) -> Tensor:
        shape = (*tensors[0].shape[:-1], sum(tensor.shape[-1] for tensor in tensors))
        return self._add(name, "Concatenate", {}, tensors, shape)

    def dense(self, x: Tensor, units: int, name: str, activation: str = "linear", *, use_bias: bool = True) -> Tensor:
        weights = x.shape[-1] * units
        settings: LayerConfig = {"units": units, "activation": activation, "kernel_initializer": "glorot_uniform"}
        settings |= {} if use_bias else {"use_bias": False}
        parameters = weights + (units if use_bias else 0)
        return self._add(name, "Dense", settings, (x,), (units,), parameters, parameters, macs=weights)

    def graph(self) -> LayerGraph:
        return LayerGraph(tuple(self.layers.values()), frozenset(self.constants))

    def _evenly_padded(self, x: Tensor, reach: int, strides: int, padding: str, name: str) -> tuple[Tensor, str]:
        """What a layer of padding "same" takes, and the padding that it then has; see `Layout.pads_evenly`.

        A convolution of stride 1 has even padding anyway. Zeros are the padding of a max-pooling too where it comes
        after a ReLU, as all do here.
        """
        if not self.layout.pads_evenly or padding != "same" or strides == 1:
            return x, padding
        middle = reach // 2
        return (self.zero_pad(x, (middle, middle), (middle, middle), f"{name}_pad") if middle else x), "valid"

    def _pool(self, kind: str, x: Tensor, size: int, name: str, strides: int, padding: str) -> Tensor:
        height, width, channels = x.shape
        shape = (_out(height, size, strides, padding), _out(width, size, strides, padding), channels)
        return self._add(name, kind, {"pool_size": size, "strides": strides, "padding": padding}, (x,), shape)

    def _add(
        self,
        name: str,
        kind: str,
        settings: LayerSettings,
        inputs: tuple[Tensor, ...],
        shape: Shape,
        parameters: int = 0,
        trainable_parameters: int = 0,
        macs: int = 0,
    ) -> Tensor:
        name = self.layout.named(name)
        if name in self.layers:
            raise ValueError(f'Two layers are called "{name}".')
        if min(shape) < 1:
            raise TooSmall(name)
        self.layers[name] = Layer(
            name,
            kind,
            MappingProxyType(dict(settings)),
            tuple(tensor.name for tensor in inputs),
            shape,
            parameters,
            trainable_parameters,
            macs,
            self.in_head,
            self.stored if parameters else None,
        )
        return Tensor(name, shape)


class TooSmall(ValueError):
    """The image is smaller than the network's poolings need; the argument is the layer that has nothing left."""


def divisible_by_eight(count: float) -> int:
    """The nearest multiple of 8, at least 8, that is not more than a tenth below `count`."""
    rounded = max(8, int(count + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * count else rounded


def _out(size: int, kernel: int, strides: int, padding: str) -> int:
    return -(-size // strides) if padding == "same" else (size - kernel) // strides + 1
