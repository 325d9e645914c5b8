"""How far a network's outputs are from a teacher's, both softened (Hinton et al. 2015, arXiv:1503.02531)."""

from __future__ import annotations

import tensorflow as tf

from engine.graph.keras_objects import KerasModel
from engine.training.mixed_labels import MixedLabels
from engine.training.objective import CrossEntropy, Objective

MIN_PROBABILITY = 1e-7
"""Stands for smaller ones, so that a logit can be found from a probability."""


class TaughtByOutputs(Objective):
    """α · cross-entropy with the labels + (1 − α) · T² · KL(teacher at T ‖ student at T)."""

    def __init__(self, teacher: KerasModel, labels: CrossEntropy, alpha: float, temperature: float) -> None:
        """
        Args:
            teacher: a classifier of the same images and classes that gives probabilities; it does not learn.
            labels: the student's loss by the labels alone.
            alpha: share of the labels, 0 to 1.
            temperature: above 0; higher ones soften the outputs.
        """
        self._teacher = teacher
        self._labels = labels
        self._alpha = alpha
        self._temperature = temperature

    def outputs(self, images: tf.Tensor, training: bool) -> tf.Tensor:
        return self._labels.outputs(images, training)

    def training(self, images: tf.Tensor, labels: tf.Tensor | MixedLabels) -> tuple[tf.Tensor, tf.Tensor]:
        outputs = self._labels.outputs(images, training=True)
        taught = tf.stop_gradient(self._teacher(images, training=False))
        losses = self._alpha * self._labels.losses(outputs, labels)
        return outputs, losses + (1 - self._alpha) * softened_divergence(taught, outputs, self._temperature)


def softened_divergence(taught: tf.Tensor, outputs: tf.Tensor, temperature: float) -> tf.Tensor:
    """T² · KL(taught ‖ outputs) of each image, in nats, both softened by `temperature`; float32 (batch,).

    Args:
        taught, outputs: probabilities (batch, classes), or (batch, 1) of the second of two classes.
    """
    taught_log = tf.nn.log_softmax(_logits(taught) / temperature)
    outputs_log = tf.nn.log_softmax(_logits(outputs) / temperature)
    return temperature**2 * tf.reduce_sum(tf.exp(taught_log) * (taught_log - outputs_log), axis=-1)


def _logits(probabilities: tf.Tensor) -> tf.Tensor:
    """Logits up to a constant, (batch, classes)."""
    if probabilities.shape[-1] == 1:
        probabilities = tf.concat([1 - probabilities, probabilities], axis=-1)
    return tf.math.log(tf.clip_by_value(probabilities, MIN_PROBABILITY, 1.0))
