"""How images relate to one another in the eyes of a network, as knowledge that a student learns.

Both compare images of one batch, so that student and teacher may differ in channels and in the size of their maps.
"""

from __future__ import annotations

from typing import Literal

import tensorflow as tf

Relation = Literal["gram", "rkd"]
ANGLE_WEIGHT = 2.0
"""Of angles beside distances, as Park et al. 2019 weigh them for classification (50 to 25)."""
NEAR = 1e-6
"""Two images lie at the same place where their squared distance is this share of the mean or less: there is no
direction from one to the other, and the gradient of the distance would be infinite."""


def relation_distance(relation: Relation, taught: tf.Tensor, features: tf.Tensor) -> tf.Tensor:
    """How far the relations between a batch's images differ; of each image its share, float32 (batch,), from 0. Their
    mean is the loss of the batch. An image by itself has no relations: 0.

    Args:
        taught, features: last feature maps of teacher and student, float32 (batch, height, width, channels) or
            (batch, features); only the batch has to be the same.
    """
    return gram_distance(taught, features) if relation == "gram" else relational_distance(taught, features)


def gram_distance(taught: tf.Tensor, features: tf.Tensor) -> tf.Tensor:
    """Similarity-preserving distillation (Tung and Mori 2019, equations 1 to 4): with the maps of a batch as rows of Q,
    G is Q·Qᵀ with each row divided by its length, and the loss of b images is ‖G_teacher − G_student‖² / b².

    Of image i: the squared differences in row i, divided by b; float32 (batch,), at most 4 / b.
    """
    return tf.reduce_mean(tf.square(_similarities(taught) - _similarities(features)), axis=1)


def relational_distance(taught: tf.Tensor, features: tf.Tensor) -> tf.Tensor:
    """Relational distillation (Park et al. 2019, section 3.2): Huber losses (δ = 1) of the distances between two
    images, divided by their mean, plus `ANGLE_WEIGHT` times those of the cosines of the angles of three; float32
    (batch,).

    An image is the mean of its map over the places. The losses are means over all ordered pairs and triples of distinct
    images; of image j: the mean over its pairs, and over the triples whose angle lies in j.
    """
    taught_lengths, taught_directions = _relations(_places(taught))
    lengths, directions = _relations(_places(features))
    others = tf.maximum(tf.shape(lengths)[0] - 1, 1)
    pairs = tf.cast(others, tf.float32)
    # Of the triples i, j, k those with i = k have a cosine of 1 in both networks, and those with j among them none.
    triples = tf.cast(tf.maximum(others * (others - 1), 1), tf.float32)
    by_distance = tf.reduce_sum(_huber(taught_lengths - lengths), axis=1) / pairs
    angles = _huber(_without_own(_cosines(taught_directions)) - _without_own(_cosines(directions)))
    return by_distance + ANGLE_WEIGHT * tf.reduce_sum(angles, axis=[1, 2]) / triples


def _similarities(features: tf.Tensor) -> tf.Tensor:
    """(batch, batch): the products of each image with all, as a row of length 1."""
    rows = _scaled(tf.reshape(features, [tf.shape(features)[0], -1]))
    return tf.math.l2_normalize(tf.matmul(rows, rows, transpose_b=True), axis=1)


def _places(features: tf.Tensor) -> tf.Tensor:
    """(batch, channels): each image as a point."""
    return _scaled(tf.reduce_mean(features, axis=[1, 2]) if features.shape.rank == 4 else features)


def _relations(points: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Distances divided by their mean over pairs of distinct images, (batch, batch), and directions of length 1 from
    the first image to the second, (batch, batch, channels); 0 where two lie at the same place."""
    steps = points[None, :, :] - points[:, None, :]
    squares = tf.reduce_sum(tf.square(steps), axis=-1)
    apart = squares > tf.stop_gradient(NEAR * tf.reduce_mean(squares))
    # A root of 0 would have an infinite gradient, even where it is not chosen.
    lengths = tf.where(apart, tf.sqrt(tf.where(apart, squares, 1.0)), 0.0)
    count = tf.cast(tf.shape(points)[0], tf.float32)
    mean = tf.math.divide_no_nan(tf.reduce_sum(lengths), count * (count - 1))
    directions = steps / tf.where(apart, lengths, 1.0)[..., None]
    return tf.math.divide_no_nan(lengths, mean), tf.where(apart[..., None], directions, 0.0)


def _cosines(directions: tf.Tensor) -> tf.Tensor:
    """(batch, batch, batch): of image j, the cosine of the angle between the directions to images i and k."""
    return tf.matmul(directions, directions, transpose_b=True)


def _without_own(cosines: tf.Tensor) -> tf.Tensor:
    """The cosines of triples of distinct images; the others are 0."""
    count = tf.shape(cosines)[0]
    return tf.linalg.set_diag(cosines, tf.zeros([count, count]))


def _huber(differences: tf.Tensor) -> tf.Tensor:
    sizes = tf.abs(differences)
    return tf.where(sizes <= 1.0, 0.5 * tf.square(differences), sizes - 0.5)


def _scaled(rows: tf.Tensor) -> tf.Tensor:
    """The rows (batch, values), the longest of length 1: neither relation depends on it, and no product leaves the
    range of 16 bits."""
    # First by the largest value: the squares of large ones might be out of that range themselves.
    rows = _divided(rows, tf.reduce_max(tf.abs(rows)))
    return _divided(rows, tf.sqrt(tf.reduce_max(tf.reduce_sum(tf.square(rows), axis=1))))


def _divided(rows: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    return rows / tf.stop_gradient(tf.where(size > 0, size, 1.0))
