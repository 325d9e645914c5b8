"""The layers with weights of a shipped file, and which of them are the same layer of two files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from engine.inspection.shipped_graph import ABSENT, Computation, ShippedGraph
from engine.measurement.tflite_graph import BIAS_INPUT, KERNEL_INPUT, Kernel

ACTIVATIONS = frozenset({"RELU", "RELU6", "RELU_N1_TO_1", "HARD_SWISH", "LEAKY_RELU", "ELU", "TANH", "GELU"})
"""Operators of their own that would be fused into the layer before them, where the format has a fused form."""
KERNEL_OPERATIONS = ("Conv2D", "depthwise", "MatMul", "conv2d_transpose")
"""How TensorFlow names the operation that uses a kernel, at the end of the kernel's name."""
WRAPPED = "quant_"
"""What the layers of a quantisation-aware training are called, before their own name."""


@dataclass(frozen=True, eq=False)
class ObservedLayer:
    """One convolution or dense layer of a file."""

    number: int
    """Among the file's layers with weights, from 1."""
    name: str
    """The Keras layer's, as far as the file tells it."""
    kind: str
    """Such as "CONV_2D"."""
    kernel: Kernel
    kernel_place: int
    bias_place: int
    """-1: it has none."""
    output: int
    """The tensor after its activation, fused or an operator of its own; batch normalisation is folded in."""
    activation: str
    """Such as "RELU"; "NONE": none."""

    @property
    def is_convolution(self) -> bool:
        return self.kind != "FULLY_CONNECTED"


@dataclass(frozen=True, eq=False)
class LayerPair:
    """The same layer of the float baseline and of a compressed file."""

    baseline: ObservedLayer
    other: ObservedLayer

    @property
    def same_shape(self) -> bool:
        """Whether the kernels can be compared value by value; not where channels were removed."""
        return self.baseline.kernel.values.shape == self.other.kernel.values.shape


@dataclass(frozen=True)
class MatchedLayers:
    """Which layers of two files are the same."""

    pairs: tuple[LayerPair, ...]
    """In the baseline's order."""
    by: Literal["order", "name"]
    only_baseline: tuple[str, ...] = ()
    """Names of the layers that the other file has no counterpart of."""
    only_other: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """What cannot be compared, in a sentence; empty: all can."""
        changed = sum(not pair.same_shape for pair in self.pairs)
        if not self.pairs:
            return "The file is of another architecture than its baseline: none of their layers can be compared."
        if self.only_baseline or self.only_other:
            return (
                f"Layers without a counterpart of their name and shape: {len(self.only_baseline)} of the baseline, "
                f"{len(self.only_other)} of the file; the others are compared."
            )
        if changed:
            return f"Layers with fewer or more channels than in the baseline, whose values are not compared: {changed}."
        return ""


def observed_layers(graph: ShippedGraph) -> tuple[ObservedLayer, ...]:
    """The layers with stored weights, in the file's order."""
    found: list[ObservedLayer] = []
    for one in graph.computations:
        if one.kind not in KERNEL_INPUT:
            continue
        place = one.inputs[KERNEL_INPUT[one.kind]]
        stored = graph.constant(place)
        if stored is None:
            continue
        has_bias = one.kind != "TRANSPOSE_CONV" and len(one.inputs) > BIAS_INPUT
        output, activation = _activated(graph, one)
        found.append(
            ObservedLayer(
                number=len(found) + 1,
                name=layer_name(stored.name, len(found) + 1),
                kind=one.kind,
                kernel=replace(stored, operator=one.kind),
                kernel_place=place,
                bias_place=one.inputs[BIAS_INPUT] if has_bias else ABSENT,
                output=output,
                activation=activation,
            )
        )
    return tuple(found)


def match_layers(baseline: tuple[ObservedLayer, ...], other: tuple[ObservedLayer, ...]) -> MatchedLayers:
    """Layer for layer where both files have the same kinds in the same order; else by name and shape."""
    if [layer.kind for layer in baseline] == [layer.kind for layer in other] and _named_alike(baseline, other):
        return MatchedLayers(tuple(map(LayerPair, baseline, other)), "order")
    by_name = {(layer.name, layer.kind, layer.kernel.values.shape): layer for layer in other}
    pairs = tuple(
        LayerPair(layer, by_name[key])
        for layer in baseline
        if (key := (layer.name, layer.kind, layer.kernel.values.shape)) in by_name
    )
    first, second = {pair.baseline.number for pair in pairs}, {pair.other.number for pair in pairs}
    return MatchedLayers(
        pairs,
        "name",
        tuple(layer.name for layer in baseline if layer.number not in first),
        tuple(layer.name for layer in other if layer.number not in second),
    )


def layer_name(kernel: str, number: int) -> str:
    """The Keras layer's name in a kernel's, such as "stage1_conv" in "network/stage1_conv/Conv2D;network/…"."""
    for part in kernel.split(";"):
        *scopes, operation = part.split("/")
        if scopes and operation.rstrip("0123456789_").startswith(KERNEL_OPERATIONS):
            # The first scope is the network's; layers of Keras' own networks have names with strokes in them.
            return "/".join(scopes[1:] or scopes).removeprefix(WRAPPED)
    scopes = [scope for scope in kernel.split(";")[0].split("/") if scope]
    return scopes[-2].removeprefix(WRAPPED) if len(scopes) > 1 else f"layer {number}"


def _named_alike(baseline: tuple[ObservedLayer, ...], other: tuple[ObservedLayer, ...]) -> bool:
    """Whether at least half of the layers keep their name or their shape: two networks may share an order of kinds."""
    alike = sum(
        one.name == two.name or one.kernel.values.shape == two.kernel.values.shape
        for one, two in zip(baseline, other, strict=True)
    )
    return 2 * alike >= len(baseline)


def _activated(graph: ShippedGraph, layer: Computation) -> tuple[int, str]:
    """The layer's output after its activation, and which that is."""
    place, fused = layer.outputs[0], layer.fused
    after = graph.consumers(place)
    if fused == "NONE" and len(after) == 1 and after[0].kind in ACTIVATIONS:
        return after[0].outputs[0], after[0].kind
    return place, fused
