"""What a training minimises: the cross-entropy, or a step's own loss."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import tensorflow as tf
import tf_keras

from engine.graph.keras_objects import NetworkPart
from engine.training.mixed_labels import MixedLabels, loss_by_shares


class Objective(ABC):
    """Gives the outputs of a batch and the loss of each image; TensorFlow operations, traced into the training step."""

    @abstractmethod
    def outputs(self, images: tf.Tensor, training: bool) -> tf.Tensor:
        """Probabilities, float32 (batch, classes or 1), of the network that is trained."""

    def training(self, images: tf.Tensor, labels: tf.Tensor | MixedLabels) -> tuple[tf.Tensor, tf.Tensor]:
        """Outputs, and what the training minimises: one loss per image, float32 (batch,)."""
        outputs = self.outputs(images, training=True)
        return outputs, loss_by_shares(lambda labels: cross_entropy(outputs, labels), labels)


class CrossEntropy(Objective):
    """The mean cross-entropy with the labels."""

    def __init__(
        self, model: NetworkPart, label_smoothing: float = 0.0, class_weights: np.ndarray | None = None
    ) -> None:
        """
        Args:
            label_smoothing: share of each label that is spread over all classes (Szegedy et al. 2016, section 7).
            class_weights: the weight of an image of each class, float32 (classes,); None: all equal.
        """
        self._model = model
        self._label_smoothing = label_smoothing
        self._class_weights = class_weights

    def outputs(self, images: tf.Tensor, training: bool) -> tf.Tensor:
        return self._model(images, training=training)

    def training(self, images: tf.Tensor, labels: tf.Tensor | MixedLabels) -> tuple[tf.Tensor, tf.Tensor]:
        outputs = self.outputs(images, training=True)
        return outputs, self.losses(outputs, labels)

    def losses(self, outputs: tf.Tensor, labels: tf.Tensor | MixedLabels) -> tf.Tensor:
        """Of each image, with the labels smoothed and the classes weighted; float32 (batch,)."""
        return loss_by_shares(lambda labels: self._losses(outputs, labels), labels)

    def _losses(self, outputs: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        losses = cross_entropy(outputs, labels, self._label_smoothing)
        if self._class_weights is not None:
            losses *= tf.gather(tf.constant(self._class_weights, losses.dtype), labels)
        return losses


def cross_entropy(outputs: tf.Tensor, labels: tf.Tensor, label_smoothing: float = 0.0) -> tf.Tensor:
    """Of each image, in nats, float32 (batch,); `labels` are int64 (batch,)."""
    if outputs.shape[-1] == 1:
        targets = tf.cast(labels[:, None], outputs.dtype)
        return tf_keras.losses.binary_crossentropy(targets, outputs, label_smoothing=label_smoothing)
    if label_smoothing:
        targets = tf.one_hot(labels, outputs.shape[-1], dtype=outputs.dtype)
        return tf_keras.losses.categorical_crossentropy(targets, outputs, label_smoothing=label_smoothing)
    return tf_keras.losses.sparse_categorical_crossentropy(labels, outputs)


def correct_predictions(outputs: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """How many images of a batch are classified correctly, int64."""
    if outputs.shape[-1] == 1:
        predictions = tf.cast(outputs[:, 0] >= 0.5, tf.int64)
    else:
        predictions = tf.argmax(outputs, axis=-1, output_type=tf.int64)
    return tf.reduce_sum(tf.cast(predictions == labels, tf.int64))
