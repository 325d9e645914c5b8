"""Trains a student network by a teacher's softened outputs as well as by the labels.

Hinton et al. 2015 (arXiv:1503.02531), with the weighting of Predić et al. 2022; hints as the attention transfer of
Zagoruyko and Komodakis 2017 (arXiv:1612.03928); relations between images as `relations` has them.
"""

from __future__ import annotations

import tensorflow as tf
import tf_keras

from engine.graph.keras_objects import KerasModel
from engine.steps.knowledge_distillation.relations import Relation, relation_distance
from engine.training.mixed_labels import MixedLabels
from engine.training.objective import CrossEntropy, Objective
from engine.training.softened_outputs import softened_divergence


class Distillation(Objective):
    """α · cross-entropy with the labels + (1 − α) · T² · KL(teacher at T ‖ student at T) + β · attention distance + γ ·
    relation distance.

    T² keeps the gradients of the softened outputs as large as those of the labels (Hinton et al. 2015, section 2).
    """

    def __init__(
        self,
        student: KerasModel,
        teacher: KerasModel,
        labels: CrossEntropy,
        alpha: float,
        temperature: float,
        hint_weight: float = 0.0,
        teacher_learns: bool = False,
        relation: Relation = "gram",
        relation_weight: float = 0.0,
    ) -> None:
        """
        Args:
            student, teacher: classifiers of the same images and classes that give probabilities.
            labels: the student's loss by the labels alone.
            alpha: share of the labels, 0 to 1.
            temperature: above 0; higher ones soften the outputs.
            hint_weight: β; 0 leaves the feature maps out.
            teacher_learns: the teacher trains on the labels in the same batches (online distillation); then `joint`
                is what is to be trained.
            relation: which relations between the images of a batch the student takes over.
            relation_weight: γ; 0 leaves them out.
        """
        self._alpha = alpha
        self._temperature = temperature
        self._hint_weight = hint_weight
        self._teacher_learns = teacher_learns
        self._relation: Relation = relation
        self._relation_weight = relation_weight
        self._labels = labels
        self._student = _with_features(student)
        self._teacher = _with_features(teacher)

    def outputs(self, images: tf.Tensor, training: bool) -> tf.Tensor:
        return self._labels.outputs(images, training)

    def training(self, images: tf.Tensor, labels: tf.Tensor | MixedLabels) -> tuple[tf.Tensor, tf.Tensor]:
        outputs, features = self._student(images, training=True)
        taught, taught_features = self._teacher(images, training=self._teacher_learns)
        losses = self._alpha * self._labels.losses(outputs, labels)
        losses += (1 - self._alpha) * softened_divergence(tf.stop_gradient(taught), outputs, self._temperature)
        if self._hint_weight:
            losses += self._hint_weight * attention_distance(tf.stop_gradient(taught_features), features)
        if self._relation_weight:
            distances = relation_distance(self._relation, tf.stop_gradient(taught_features), features)
            losses += self._relation_weight * distances
        if self._teacher_learns:
            losses += self._labels.losses(taught, labels)
        return outputs, losses


def joint(student: KerasModel, teacher: KerasModel) -> KerasModel:
    """Both networks as one model, so that they train, are saved and resume together."""
    image = tf_keras.Input(student.input_shape[1:])
    named = [
        tf_keras.Model(part.inputs, part.outputs, name=name)
        for part, name in ((student, "student"), (teacher, "teacher"))
    ]
    return tf_keras.Model(image, [part(image) for part in named])


def attention_distance(taught: tf.Tensor, features: tf.Tensor) -> tf.Tensor:
    """Squared distance of where both networks look, float32 (batch,), 0 to 4.

    Each feature map (batch, height, width, channels) becomes the sum of its squared channels, of length 1 over the
    places of the smaller map (Zagoruyko and Komodakis 2017, equations 1 and 2).
    """
    size = min(taught.shape[1:3].as_list(), features.shape[1:3].as_list())
    return tf.reduce_sum(tf.square(_attention(taught, size) - _attention(features, size)), axis=-1)


def _attention(features: tf.Tensor, size: list[int]) -> tf.Tensor:
    energy = tf.reduce_sum(tf.square(features), axis=-1, keepdims=True)
    if features.shape[1:3].as_list() != size:
        energy = tf.image.resize(energy, size, antialias=True)
    return tf.math.l2_normalize(tf.reshape(energy, [-1, size[0] * size[1]]), axis=-1)


def _with_features(model: KerasModel) -> KerasModel:
    """The model with its last feature map (batch, height, width, channels) as a second output."""
    maps = [layer for layer in model.layers if len(layer.output_shape) == 4 and layer.output_shape[1] != 1]
    return tf_keras.Model(model.inputs, [model.outputs[0], (maps or model.layers)[-1].output])
