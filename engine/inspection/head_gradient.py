"""The gradient of a class's logit, back through the last operators of a shipped file to its last spatial map.

Computed from the file's own weights and the values that it computed; integers stand for their real values, and rounding
counts as the identity, as in the straight-through estimator of quantisation-aware training.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from engine.contract.errors import NutshellError
from engine.inspection.shipped_graph import ABSENT, Computation, ShippedGraph

Values = Mapping[int, np.ndarray]
"""Tensor → the real values that it has for the image, float32 in its shape."""
Gradients = dict[int, np.ndarray]
"""Tensor → the logit's gradient by it, float64 in its shape."""
SQUASHING = frozenset({"SOFTMAX", "LOGISTIC"})
RENAMING = frozenset({"QUANTIZE", "DEQUANTIZE", "RESHAPE", "SQUEEZE", "EXPAND_DIMS"})
"""They change number types and shapes; the values stay, in their order."""
POOLING = frozenset({"MAX_POOL_2D", "AVERAGE_POOL_2D"})
SAME = 0
"""Padding, in the schema."""


class NoActivationMap(NutshellError):
    """The file has no activation map, or none that can be computed from it; the message says why."""


@dataclass(frozen=True)
class Head:
    """What a file computes from its last spatial map to its logits."""

    map: int
    """The tensor (1, height, width, channels) of the last map of more than one pixel, after its activation; that before
    pooling, unless the map of a class is exact after it."""
    logits: int
    """The tensor before softmax or sigmoid, (1, classes) or (1, 1)."""
    computations: tuple[Computation, ...]
    """Those that lie between the two, in order."""
    is_pooled_dense: bool
    """Whether it is global average pooling and one dense layer, so that class activation maps are exact."""


def find_head(graph: ShippedGraph, name: str) -> Head:
    """The head of a file; `name` is what errors call it.

    Raises:
        NoActivationMap: it has no spatial map.
    """
    logits = place = _logits(graph)
    while not _is_last_map(graph, place, logits):
        producer = graph.producer(place)
        if producer is None:
            raise NoActivationMap(f"{name} has no convolution whose map is larger than one pixel.")
        place = next(one for one in producer.inputs if not graph.is_constant(one))
    if place == graph.image:
        raise NoActivationMap(f"{name} has no convolution, so there is no map to show.")
    computations = _between(graph, place, logits)
    return Head(place, logits, computations, _is_pooled_dense(graph, computations))


def head_gradient(graph: ShippedGraph, head: Head, values: Values, weights: np.ndarray, name: str) -> np.ndarray:
    """d(weights · logits) / d(map), float64 (height, width, channels).

    Args:
        values: of every tensor that the head's operators take or give and that is not constant.
        weights: (logits,), such as 1 for one class and 0 for the others.
        name: what errors call the file.

    Raises:
        NoActivationMap: the head holds an operator whose gradient is not known here.
    """
    gradients: Gradients = {head.logits: weights.astype(np.float64).reshape(graph.shape(head.logits))}
    for one in reversed(head.computations):
        arrived = gradients.pop(one.outputs[0], None)
        if arrived is None:
            continue
        backward = BACKWARD.get(one.kind)
        if backward is None:
            raise NoActivationMap(
                f"Between the last map of {name} and its answer lies {one.kind}, whose gradient is not known here, so "
                "there is no activation map."
            )
        through = arrived * _slope_of_fused(one, values[one.outputs[0]], name)
        for place, gradient in backward(graph, one, values, through).items():
            if place != ABSENT and not graph.is_constant(place):
                gradients[place] = gradients.get(place, 0.0) + gradient
    return gradients[head.map][0]


def _is_last_map(graph: ShippedGraph, place: int, logits: int) -> bool:
    """Whether a tensor on the way back is the map to stop at: not one that was only pooled, unless it makes the map of
    a class exact."""
    if _pixels(graph, place) < 2:
        return False
    only_pooled = _made_by(graph, place) in (*POOLING, *RENAMING)
    return not only_pooled or _is_pooled_dense(graph, _between(graph, place, logits))


def _between(graph: ShippedGraph, first: int, last: int) -> tuple[Computation, ...]:
    """The operators by which one tensor reaches another, in order."""
    reached, after = {first}, []
    for one in graph.computations:
        if reached & set(one.inputs):
            reached |= set(one.outputs)
            after.append(one)
    needed, kept = {last}, []
    for one in reversed(after):
        if needed & set(one.outputs):
            needed |= set(one.inputs)
            kept.append(one)
    return tuple(reversed(kept))


def _is_pooled_dense(graph: ShippedGraph, computations: tuple[Computation, ...]) -> bool:
    computing = [one for one in computations if one.kind not in RENAMING]
    if len(computing) != 2 or any(one.fused != "NONE" for one in computing):
        return False
    pooling, dense = computing
    averages = pooling.kind == "MEAN" or (pooling.kind == "AVERAGE_POOL_2D" and _pixels(graph, pooling.outputs[0]) == 1)
    return averages and dense.kind == "FULLY_CONNECTED"


def _logits(graph: ShippedGraph) -> int:
    place = graph.answer
    while (producer := graph.producer(place)) is not None and producer.kind in (*RENAMING, *SQUASHING):
        place = producer.inputs[0]
        if producer.kind in SQUASHING:
            return place
    return graph.answer


def _pixels(graph: ShippedGraph, place: int) -> int:
    shape = graph.shape(place)
    return shape[1] * shape[2] if len(shape) == 4 else 0


def _made_by(graph: ShippedGraph, place: int) -> str:
    producer = graph.producer(place)
    return producer.kind if producer else ""


def _slope_of_fused(one: Computation, output: np.ndarray, name: str) -> np.ndarray | float:
    """The fused activation's slope, from what came out of it."""
    match one.fused:
        case "NONE":
            return 1.0
        case "RELU":
            return output > 0
        case "RELU6":
            return (output > 0) & (output < 6)
        case "RELU_N1_TO_1":
            return (output > -1) & (output < 1)
        case "TANH":
            return 1 - output.astype(np.float64) ** 2
    raise NoActivationMap(f"A layer in the head of {name} ends in {one.fused}, whose gradient is not known here.")


def _constant(graph: ShippedGraph, place: int) -> np.ndarray:
    stored = graph.constant(place)
    if stored is None:
        raise NoActivationMap("A layer in the head takes computed weights, so there is no activation map.")
    return stored.real_values.astype(np.float64)


def _value(graph: ShippedGraph, place: int, values: Values) -> np.ndarray:
    return values[place].astype(np.float64) if place in values else _constant(graph, place)


def _kept(graph: ShippedGraph, one: Computation, values: Values, arrived: np.ndarray) -> Gradients:
    return {one.inputs[0]: arrived.reshape(graph.shape(one.inputs[0]))}


def _dense(graph: ShippedGraph, one: Computation, values: Values, arrived: np.ndarray) -> Gradients:
    kernel = _constant(graph, one.inputs[1])
    gradient = arrived.reshape(-1, kernel.shape[0]) @ kernel
    return {one.inputs[0]: gradient.reshape(graph.shape(one.inputs[0]))}


def _mean(graph: ShippedGraph, one: Computation, values: Values, arrived: np.ndarray) -> Gradients:
    shape = graph.shape(one.inputs[0])
    stored = graph.constant(one.inputs[1])
    if stored is None:
        raise NoActivationMap("A mean in the head is over computed axes, so there is no activation map.")
    axes = {int(axis) % len(shape) for axis in stored.values.ravel()}
    kept = [1 if axis in axes else side for axis, side in enumerate(shape)]
    return {one.inputs[0]: np.broadcast_to(arrived.reshape(kept), shape) / prod(shape[axis] for axis in axes)}


def _relu(low: float, high: float) -> Callable[..., Gradients]:
    def backward(graph: ShippedGraph, one: Computation, values: Values, arrived: np.ndarray) -> Gradients:
        given = values[one.inputs[0]]
        return {one.inputs[0]: arrived * ((given > low) & (given < high))}

    return backward


def _hard_swish(graph: ShippedGraph, one: Computation, values: Values, arrived: np.ndarray) -> Gradients:
    given = _value(graph, one.inputs[0], values)
    slope = np.where(given <= -3, 0.0, np.where(given >= 3, 1.0, (2 * given + 3) / 6))
    return {one.inputs[0]: arrived * slope}


def _add(sign: float) -> Callable[..., Gradients]:
    def backward(graph: ShippedGraph, one: Computation, values: Values, arrived: np.ndarray) -> Gradients:
        first, second = one.inputs
        return _summed(graph, ((first, arrived), (second, sign * arrived)))

    return backward


def _multiply(graph: ShippedGraph, one: Computation, values: Values, arrived: np.ndarray) -> Gradients:
    first, second = one.inputs
    by_first, by_second = arrived * _value(graph, second, values), arrived * _value(graph, first, values)
    return _summed(graph, ((first, by_first), (second, by_second)))


def _summed(graph: ShippedGraph, parts: tuple[tuple[int, np.ndarray], ...]) -> Gradients:
    """Each in its tensor's shape: what was broadcast is added up; a tensor that is both operands gets both."""
    found: Gradients = {}
    for place, gradient in parts:
        if graph.is_constant(place):
            continue
        shape = graph.shape(place)
        gradient = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
        stretched = tuple(axis for axis, side in enumerate(shape) if side == 1 and gradient.shape[axis] > 1)
        found[place] = found.get(place, 0.0) + gradient.sum(axis=stretched, keepdims=True)
    return found


def _convolution(graph: ShippedGraph, one: Computation, values: Values, arrived: np.ndarray) -> Gradients:
    kernel = _constant(graph, one.inputs[1])
    options = one.options
    shape = graph.shape(one.inputs[0])
    depthwise = one.kind == "DEPTHWISE_CONV_2D"
    if shape[3] != kernel.shape[3] and not depthwise:
        raise NoActivationMap("The head holds a convolution in groups, so there is no activation map.")
    sides = kernel.shape[1:3]
    laid = _Laid.of(shape, arrived.shape, sides, options, (options.dilationHFactor, options.dilationWFactor))
    gradient = laid.empty()
    for row in range(sides[0]):
        for column in range(sides[1]):
            if depthwise:
                spread = arrived * kernel[0, row, column]
                part = spread.reshape(*spread.shape[:3], shape[3], -1).sum(axis=4)
            else:
                part = arrived @ kernel[:, row, column]
            gradient[laid.window(row, column)] += part
    return {one.inputs[0]: laid.cut(gradient)}


def _average_pool(graph: ShippedGraph, one: Computation, values: Values, arrived: np.ndarray) -> Gradients:
    options = one.options
    sides = (options.filterHeight, options.filterWidth)
    shape = graph.shape(one.inputs[0])
    laid = _Laid.of(shape, arrived.shape, sides, options)
    # The mean is over the pixels that are there: padding counts for nothing.
    inside = laid.empty()
    laid.cut(inside)[:] = 1.0
    places = [(row, column) for row in range(sides[0]) for column in range(sides[1])]
    counted = sum(inside[laid.window(*place)] for place in places)
    gradient = laid.empty()
    for place in places:
        gradient[laid.window(*place)] += arrived / counted
    return {one.inputs[0]: laid.cut(gradient)}


def _max_pool(graph: ShippedGraph, one: Computation, values: Values, arrived: np.ndarray) -> Gradients:
    """To the first of equal maxima, as TensorFlow does it."""
    options = one.options
    sides = (options.filterHeight, options.filterWidth)
    shape = graph.shape(one.inputs[0])
    laid = _Laid.of(shape, arrived.shape, sides, options)
    given = np.full(laid.empty().shape, -np.inf)
    laid.cut(given)[:] = values[one.inputs[0]]
    places = [(row, column) for row in range(sides[0]) for column in range(sides[1])]
    chosen = np.stack([given[laid.window(*place)] for place in places]).argmax(axis=0)
    gradient = laid.empty()
    for number, place in enumerate(places):
        gradient[laid.window(*place)] += arrived * (chosen == number)
    return {one.inputs[0]: laid.cut(gradient)}


@dataclass(frozen=True)
class _Laid:
    """How windows are laid over a map: strides, dilation, and the padding that makes them fit."""

    shape: tuple[int, ...]
    output: tuple[int, int]
    strides: tuple[int, int]
    dilation: tuple[int, int]
    padding: tuple[tuple[int, int], tuple[int, int]]

    @classmethod
    def of(
        cls,
        shape: tuple[int, ...],
        output: tuple[int, ...],
        sides: tuple[int, ...],
        options: Any,
        dilation: tuple[int, int] = (1, 1),
    ) -> _Laid:
        strides = (options.strideH, options.strideW)
        padding = []
        for axis in (0, 1):
            reach = (output[1 + axis] - 1) * strides[axis] + (sides[axis] - 1) * dilation[axis] + 1
            lacking = max(reach - shape[1 + axis], 0)
            before = lacking // 2 if options.padding == SAME else 0
            padding.append((before, lacking - before))
        return cls(shape, (output[1], output[2]), strides, dilation, (padding[0], padding[1]))

    def empty(self) -> np.ndarray:
        """Zeros in the shape of the padded map."""
        (top, bottom), (left, right) = self.padding
        images, height, width, channels = self.shape
        return np.zeros((images, height + top + bottom, width + left + right, channels))

    def window(self, row: int, column: int) -> tuple[slice, ...]:
        """Of the padded map the pixels below one place of the windows, (1, output height, output width, channels)."""
        down, across = row * self.dilation[0], column * self.dilation[1]
        return (
            slice(None),
            slice(down, down + (self.output[0] - 1) * self.strides[0] + 1, self.strides[0]),
            slice(across, across + (self.output[1] - 1) * self.strides[1] + 1, self.strides[1]),
        )

    def cut(self, padded: np.ndarray) -> np.ndarray:
        """The map itself, as a view."""
        (top, _), (left, _) = self.padding
        return padded[:, top : top + self.shape[1], left : left + self.shape[2]]


BACKWARD: dict[str, Callable[[ShippedGraph, Computation, Values, np.ndarray], Gradients]] = {
    **dict.fromkeys(RENAMING, _kept),
    "FULLY_CONNECTED": _dense,
    "MEAN": _mean,
    "RELU": _relu(0, np.inf),
    "RELU6": _relu(0, 6),
    "RELU_N1_TO_1": _relu(-1, 1),
    "HARD_SWISH": _hard_swish,
    "ADD": _add(1.0),
    "SUB": _add(-1.0),
    "MUL": _multiply,
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _convolution,
    "AVERAGE_POOL_2D": _average_pool,
    "MAX_POOL_2D": _max_pool,
}
