"""How a layer becomes two of lower rank: the matrix that its kernel is, what each rank costs, and the two new layers.

Spatial: k×k becomes k×1, then 1×k (Jaderberg et al. 2014, arXiv:1405.3866). Channel: fewer filters of the same size,
then 1×1 (Zhang et al. 2016, arXiv:1505.06798). Dense layers and 1×1 convolutions become two of their own kind. No
TensorFlow.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import prod
from typing import Any, Literal

import numpy as np

from engine.graph.layer_graph import Layer, LayerGraph, LayerSettings, Shape

Method = Literal["spatial", "channel"]
FIRST = "_factor"
"""Behind the name of a layer: that of the first of its two; the second keeps the name."""
PLAIN = {"use_bias": False, "activation": "linear"}
"""Settings of the first layer: nothing comes between the two."""


@dataclass(frozen=True)
class Factoring:
    """How one layer would be factored."""

    layer: Layer
    spatial: bool
    """Else by channels."""
    full_rank: int
    macs_a_rank: int
    parameters_a_rank: int
    between: Shape
    """What the first layer gives, but for its channels: (height, width), or ()."""

    @property
    def most(self) -> int:
        """The highest rank that saves multiply-accumulates; 0: none does."""
        return min((self.layer.macs - 1) // self.macs_a_rank, self.full_rank)


def factorings(graph: LayerGraph, method: Method, convolutions_only: bool) -> dict[str, Factoring]:
    """Layer → how it would be factored, for those that some rank makes cheaper, in the graph's order."""
    shapes = {layer.name: layer.shape for layer in graph.layers}
    found = {}
    for layer in graph.layers:
        if layer.kind == "Dense" and not convolutions_only:
            one = _of_dense(layer, shapes[layer.inputs[0]])
        elif layer.kind == "Conv2D" and layer.settings.get("groups", 1) == 1:
            one = _of_convolution(layer, shapes[layer.inputs[0]], method)
        else:
            continue
        if one.most >= 1:
            found[layer.name] = one
    return found


def _of_dense(layer: Layer, given: Shape) -> Factoring:
    inputs, outputs = given[-1], layer.shape[-1]
    places = prod(given[:-1])
    cost = inputs + outputs
    return Factoring(layer, False, min(inputs, outputs), places * cost, cost, given[:-1])


def _of_convolution(layer: Layer, given: Shape, method: Method) -> Factoring:
    height, width = pair(layer.settings["kernel_size"])
    inputs, (down, right, outputs) = given[-1], layer.shape
    if method == "spatial" and height > 1 and width > 1:
        first, second = height * inputs, width * outputs
        between = (down, given[1])
        macs = first * prod(between) + second * down * right
        return Factoring(layer, True, min(first, second), macs, first + second, between)
    first = height * width * inputs
    cost = first + outputs
    return Factoring(layer, False, min(first, outputs), cost * down * right, cost, (down, right))


@dataclass(frozen=True)
class Factors:
    """The singular value decomposition of a layer's kernel."""

    factoring: Factoring
    left: np.ndarray = field(repr=False)
    """float64 (rows, full rank)."""
    singular: np.ndarray = field(repr=False)
    """float64 (full rank,), falling."""
    right: np.ndarray = field(repr=False)
    """float64 (full rank, columns)."""
    shape: tuple[int, ...]
    """Of the kernel, as Keras has it."""

    def energy(self, rank: int) -> float:
        """The share of the squared singular values that the first `rank` have."""
        squares = np.square(self.singular)
        return float(squares[:rank].sum() / max(squares.sum(), np.finfo(float).tiny))

    def rank_of_energy(self, energy: float) -> int:
        """The lowest rank with at least this share, at least 1."""
        squares = np.square(self.singular)
        shares = np.cumsum(squares) / max(squares.sum(), np.finfo(float).tiny)
        return min(int(np.searchsorted(shares, energy)) + 1, len(squares))

    def kernels(self, rank: int) -> tuple[np.ndarray, np.ndarray]:
        """Of the two layers, float32; both have the square root of each singular value."""
        roots = np.sqrt(self.singular[:rank])
        first, second = self.left[:, :rank] * roots, self.right[:rank] * roots[:, None]
        if len(self.shape) == 2:
            return first.astype(np.float32), second.astype(np.float32)
        height, width, inputs, outputs = self.shape
        if self.factoring.spatial:
            vertical = first.reshape(height, 1, inputs, rank)
            return vertical.astype(np.float32), second.reshape(rank, width, outputs).swapaxes(0, 1)[None].astype(
                np.float32
            )
        return first.reshape(height, width, inputs, rank).astype(np.float32), second[None, None].astype(np.float32)

    def whole(self, rank: int) -> np.ndarray:
        """The kernel that both together are, float32."""
        matrix = (self.left[:, :rank] * self.singular[:rank]) @ self.right[:rank]
        if not self.factoring.spatial:
            return matrix.reshape(self.shape).astype(np.float32)
        height, width, inputs, outputs = self.shape
        return matrix.reshape(height, inputs, width, outputs).swapaxes(1, 2).astype(np.float32)


def factors(factoring: Factoring, kernel: np.ndarray) -> Factors:
    """Decompose a kernel, (height, width, inputs, outputs) or (inputs, outputs)."""
    values = kernel.astype(np.float64)
    if factoring.spatial:
        height, width, inputs, outputs = kernel.shape
        matrix = values.swapaxes(1, 2).reshape(height * inputs, width * outputs)
    else:
        matrix = values.reshape(-1, kernel.shape[-1])
    left, singular, right = np.linalg.svd(matrix, full_matrices=False)
    return Factors(factoring, left, singular, right, kernel.shape)


def settings_of_two(factoring: Factoring, rank: int) -> tuple[LayerSettings, LayerSettings]:
    """What changes in the settings of the layer, for the first and the second that stand for it."""
    settings, name = factoring.layer.settings, factoring.layer.name + FIRST
    if factoring.layer.kind == "Dense":
        return {"name": name, "units": rank, **PLAIN}, {}
    (height, width), (down, right) = pair(settings["kernel_size"]), pair(settings.get("strides", 1))
    down_dilation, right_dilation = pair(settings.get("dilation_rate", 1))
    if factoring.spatial:
        return (
            {
                "name": name,
                "filters": rank,
                "kernel_size": (height, 1),
                "strides": (down, 1),
                "dilation_rate": (down_dilation, 1),
                **PLAIN,
            },
            {"kernel_size": (1, width), "strides": (1, right), "dilation_rate": (1, right_dilation)},
        )
    pointwise = {"kernel_size": (1, 1), "strides": (1, 1), "dilation_rate": (1, 1)}
    return {"name": name, "filters": rank, **PLAIN}, pointwise


def factored_graph(graph: LayerGraph, chosen: dict[str, tuple[Factoring, int]]) -> LayerGraph:
    """The graph with two layers for each of the chosen.

    Args:
        chosen: layer → how, and its rank.
    """
    layers: list[Layer] = []
    for layer in graph.layers:
        if layer.name not in chosen:
            layers.append(layer)
            continue
        factoring, rank = chosen[layer.name]
        one, two = settings_of_two(factoring, rank)
        first_settings: dict[str, Any] = {**layer.settings, **one}
        first_settings.pop("name")
        bias = layer.parameters - kernel_size(layer, graph)
        second_weights = rank * _second_a_rank(factoring)
        first_weights = rank * factoring.parameters_a_rank - second_weights
        second_macs = second_weights * prod(layer.shape[:-1])
        first = replace(
            layer,
            name=layer.name + FIRST,
            settings=first_settings,
            shape=(*factoring.between, rank),
            parameters=first_weights,
            trainable_parameters=first_weights,
            macs=rank * factoring.macs_a_rank - second_macs,
            stored=None,
        )
        second = replace(
            layer,
            settings={**layer.settings, **two},
            inputs=(first.name,),
            parameters=second_weights + bias,
            trainable_parameters=second_weights + bias,
            macs=second_macs,
        )
        layers += [first, second]
    return LayerGraph(tuple(layers), graph.constants)


def kernel_size(layer: Layer, graph: LayerGraph) -> int:
    """How many values the kernel of a convolution or dense layer has."""
    given = next(one.shape for one in graph.layers if one.name == layer.inputs[0])
    window = prod(pair(layer.settings["kernel_size"])) if layer.kind == "Conv2D" else 1
    return window * given[-1] * layer.shape[-1]


def _second_a_rank(factoring: Factoring) -> int:
    outputs = factoring.layer.shape[-1]
    return pair(factoring.layer.settings["kernel_size"])[1] * outputs if factoring.spatial else outputs


def pair(value: Any) -> tuple[int, int]:
    """A setting of a convolution, as one number for both sides or as two."""
    if isinstance(value, int):
        return value, value
    height, width = value
    return int(height), int(width)
