"""What the engine uses of Keras' objects, as protocols, so that types can be checked where TensorFlow is not imported.

Tensors are annotated as `tf.Tensor` in the modules that compute with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

LayerConfig = dict[str, Any]
"""The arguments that Keras makes a layer from again, by name."""


class Variable(Protocol):
    """An array of weights that training changes in place (`tf.Variable`)."""

    @property
    def name(self) -> str: ...

    @property
    def shape(self) -> tf.TensorShape: ...

    def numpy(self) -> np.ndarray: ...

    def assign(self, value: np.ndarray | tf.Tensor) -> object: ...

    def __getitem__(self, place: slice, /) -> tf.Tensor: ...

    def __mul__(self, other: object, /) -> tf.Tensor: ...

    def __rmul__(self, other: object, /) -> tf.Tensor: ...


class KerasLayer(Protocol):
    """A layer of a network (`tf_keras.layers.Layer`)."""

    trainable: bool

    @property
    def name(self) -> str: ...

    @property
    def weights(self) -> Sequence[Variable]: ...

    @property
    def trainable_variables(self) -> Sequence[Variable]: ...

    @property
    def input(self) -> tf.Tensor: ...

    @property
    def output(self) -> tf.Tensor: ...

    @property
    def inbound_nodes(self) -> Sequence[Any]:
        """Its own uses, each with the layers that it takes."""

    @property
    def outbound_nodes(self) -> Sequence[object]:
        """Its uses by other layers."""

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """With the batch, whose size is None."""

    def get_weights(self) -> list[np.ndarray]: ...

    def set_weights(self, weights: Sequence[np.ndarray]) -> None: ...

    def get_config(self) -> LayerConfig: ...


class NetworkPart(Protocol):
    """What a training step needs of a network, or of the part of it that trains."""

    @property
    def trainable_variables(self) -> Sequence[Variable]: ...

    @property
    def losses(self) -> Sequence[tf.Tensor]:
        """Beside the objective's, such as those of regularisers."""

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """Of the images or features that it is fed, with the batch, whose size is None."""

    def __call__(self, images: np.ndarray | tf.Tensor, /, training: bool = ...) -> tf.Tensor: ...


class KerasModel(Protocol):
    """A flat network of layers (`tf_keras.Model`)."""

    @property
    def name(self) -> str: ...

    @property
    def layers(self) -> Sequence[KerasLayer]:
        """In the order in which they compute."""

    @property
    def weights(self) -> Sequence[Variable]: ...

    @property
    def trainable_variables(self) -> Sequence[Variable]: ...

    @property
    def losses(self) -> Sequence[tf.Tensor]:
        """Beside the objective's, such as those of regularisers."""

    @property
    def input(self) -> tf.Tensor: ...

    @property
    def inputs(self) -> Sequence[tf.Tensor]: ...

    @property
    def outputs(self) -> Sequence[tf.Tensor]: ...

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """(batch, height, width, channels); the batch's size is None."""

    def __call__(self, images: np.ndarray | tf.Tensor, training: bool = ...) -> tf.Tensor: ...

    def get_weights(self) -> list[np.ndarray]: ...

    def set_weights(self, weights: Sequence[np.ndarray]) -> None: ...

    def count_params(self) -> int: ...

    def get_layer(self, name: str) -> KerasLayer: ...

    def save(self, path: Path, *, save_format: str) -> None: ...


class Optimizer(Protocol):
    """Changes variables by their gradients (`tf_keras.optimizers.Optimizer`)."""

    @property
    def learning_rate(self) -> Variable: ...

    @property
    def variables(self) -> Sequence[Variable]:
        """Its own: moments and the count of steps."""

    def build(self, variables: Sequence[Variable]) -> None: ...

    def apply_gradients(self, pairs: Sequence[tuple[tf.Tensor, Variable]]) -> object: ...
