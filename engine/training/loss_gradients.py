"""The gradients of the loss of a network as it classifies: what criteria of importance look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf

from engine.graph.keras_objects import KerasModel, Variable
from engine.training.convolution_gradient import safe_convolution_gradients
from engine.training.objective import cross_entropy


def loss_gradients(model: KerasModel, variables: Sequence[Variable]) -> Callable[..., list[tf.Tensor]]:
    """Images float32 and labels int64 → the gradients of the mean cross-entropy of a batch of any size."""

    def gradients(images: tf.Tensor, labels: tf.Tensor) -> list[tf.Tensor]:
        # A gradient tape would not heed the safe gradients.
        with safe_convolution_gradients():
            loss = tf.reduce_mean(cross_entropy(model(images, training=False), labels))
        found = tf.gradients(loss, list(variables))
        return [
            tf.zeros_like(variable) if gradient is None else gradient
            for variable, gradient in zip(variables, found, strict=True)
        ]

    signature = [tf.TensorSpec(model.input_shape, tf.float32), tf.TensorSpec([None], tf.int64)]
    function: Callable[..., list[tf.Tensor]] = tf.function(gradients, input_signature=signature, autograph=False)
    return function
