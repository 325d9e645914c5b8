"""What a training lowers: the cross-entropy, or what a step makes of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import tensorflow as tf
import tf_keras


class Objective(ABC):
    """Gives the outputs of a batch and the loss of each image; TensorFlow operations, traced into the training step."""

    @abstractmethod
    def outputs(self, images: Any, training: bool) -> Any:
        """Probabilities, float32 (batch, classes or 1), of the network that is trained."""

    def training(self, images: Any, labels: Any) -> tuple[Any, Any]:
        """Outputs, and what the training lowers: a loss an image, float32 (batch,)."""
        outputs = self.outputs(images, training=True)
        return outputs, cross_entropy(outputs, labels)


class CrossEntropy(Objective):
    """The mean cross-entropy with the labels."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def outputs(self, images: Any, training: bool) -> Any:
        return self._model(images, training=training)


def cross_entropy(outputs: Any, labels: Any) -> Any:
    """Of each image, in nats, float32 (batch,); `labels` are int64 (batch,)."""
    if outputs.shape[-1] == 1:
        return tf_keras.losses.binary_crossentropy(tf.cast(labels[:, None], outputs.dtype), outputs)
    return tf_keras.losses.sparse_categorical_crossentropy(labels, outputs)


def right_decisions(outputs: Any, labels: Any) -> Any:
    """How many images of a batch are classified rightly, int64."""
    if outputs.shape[-1] == 1:
        decisions = tf.cast(outputs[:, 0] >= 0.5, tf.int64)
    else:
        decisions = tf.argmax(outputs, axis=-1, output_type=tf.int64)
    return tf.reduce_sum(tf.cast(decisions == labels, tf.int64))
