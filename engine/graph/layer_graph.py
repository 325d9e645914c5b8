"""A network as plain data: one flat graph of plain layers, built without TensorFlow.

The wizard counts parameters and multiply-accumulates from it while the user chooses; `keras_network` builds the same
graph in Keras. Layers are named, in order, so that weights files match by name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

Shape = tuple[int, ...]
LayerSettings = Mapping[str, Any]
"""The arguments of a Keras class, by name."""


@dataclass(frozen=True)
class StoredAs:
    """Where a file has a layer's weights, if not under the layer's own name."""

    name: str
    arrays: tuple[int, ...] = ()
    """Which of that layer's arrays, in Keras' order; empty: all."""


@dataclass(frozen=True)
class Layer:
    """One layer: its kind is the Keras class's name, its settings are that class's arguments."""

    name: str
    kind: str
    settings: LayerSettings
    inputs: tuple[str, ...]
    shape: Shape
    """Output shape without the batch: (height, width, channels) or (features,)."""
    parameters: int = 0
    trainable_parameters: int = 0
    macs: int = 0
    in_head: bool = False
    stored: StoredAs | None = None


@dataclass(frozen=True)
class Tensor:
    """The output of a layer, as the builder hands it on."""

    name: str
    shape: Shape


@dataclass(frozen=True)
class LayerGraph:
    """A whole network; `layers` are in topological order, the first is the input, the last the output."""

    layers: tuple[Layer, ...]
    constants: frozenset[str] = frozenset()
    """Layers of a file whose weights are settings here, such as a normalisation of the input, or not needed."""

    @property
    def parameters(self) -> int:
        return sum(layer.parameters for layer in self.layers)

    @property
    def base_parameters(self) -> int:
        """Without those of the head."""
        return sum(layer.parameters for layer in self.layers if not layer.in_head)

    def trainable_parameters(self, freeze_base: bool = False, unfrozen: Collection[str] = ()) -> int:
        """Parameters that training changes; with `freeze_base` those of the head and of the layers `unfrozen` only."""
        return sum(
            layer.trainable_parameters
            for layer in self.layers
            if layer.in_head or not freeze_base or layer.name in unfrozen
        )

    def last_kernels(self, count: int) -> tuple[str, ...]:
        """Names of the base's last `count` convolutions and dense layers; 0: of all."""
        names = [layer.name for layer in self.layers if layer.macs and not layer.in_head]
        return tuple(names[-count:])

    @property
    def is_batch_normalised(self) -> bool:
        """Whether it has batch normalisation."""
        return any(layer.kind == "BatchNormalization" for layer in self.layers)

    @cached_property
    def text(self) -> str:
        """Says all of the layers: equal for equal graphs."""
        return repr(self.layers)

    @cached_property
    def macs(self) -> int:
        """Multiply-accumulates of convolutions and dense layers for one image."""
        return sum(layer.macs for layer in self.layers)

    @cached_property
    def base_macs(self) -> int:
        """Without those of the head."""
        return sum(layer.macs for layer in self.layers if not layer.in_head)

    @property
    def activations(self) -> int:
        """Values that all layers compute for one image."""
        return sum(prod(layer.shape) for layer in self.layers)

    @property
    def input_shape(self) -> Shape:
        return self.layers[0].shape
