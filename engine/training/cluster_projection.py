"""Keeps kernels at few distinct values while a network trains: every value is the mean of its cluster's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf

from engine.training.centroids import Centroids, nearest
from engine.training.projection import Projection

ZERO = -1
"""The cluster of the values that are kept at zero; TensorFlow's segment operations leave negative ones out."""


class ClusterProjection(Projection):
    """Clusters over `kernels` (Keras variables). Who belongs to which is fixed; the clusters' values are trained.

    Each batch moves the values of a cluster apart by their own gradients; their mean is where the cluster goes, which
    is a step along the mean of the gradients (Han et al. 2016, figure 3, with the mean for the sum).
    """

    def __init__(self, kernels: Sequence[Any], members: Sequence[np.ndarray]) -> None:
        """
        Args:
            members: for each kernel the cluster of each value, from 0 or `ZERO`; integers, the kernel's shape.
        """
        self._clusters = [
            (kernel, tf.constant(ids.ravel(), tf.int32), int(ids.max()) + 1)
            for kernel, ids in zip(kernels, members, strict=True)
        ]

    def project(self) -> None:
        for kernel, members, count in self._clusters:
            means = tf.math.unsorted_segment_mean(tf.reshape(kernel, [-1]), members, max(count, 1))
            shared = tf.where(members == ZERO, 0.0, tf.gather(means, tf.maximum(members, 0)))
            kernel.assign(tf.reshape(shared, kernel.shape))


def cluster(kernel: np.ndarray, centroids: Centroids, generator: np.random.Generator, keep_zeros: bool) -> np.ndarray:
    """Share a kernel's values among clusters, each value with the nearest centroid.

    Args:
        keep_zeros: values that are zero stay so, as one of the clusters.

    Returns:
        The cluster of each value, int64, the kernel's shape: from 0, or `ZERO`.
    """
    kept = kernel != 0 if keep_zeros else np.ones(kernel.shape, dtype=bool)
    members = np.full(kernel.shape, ZERO)
    if kept.any():
        room = centroids.count if kept.all() else centroids.count - 1
        members[kept] = nearest(kernel[kept], replace(centroids, count=room).of(kernel[kept], generator))
    return members


def clusters_found(kernel: np.ndarray, keep_zeros: bool) -> np.ndarray:
    """The clusters that a kernel has already, one a distinct value; as `cluster` returns them."""
    values, members = np.unique(kernel, return_inverse=True)
    members = members.reshape(kernel.shape)
    if keep_zeros and 0 in values:
        place = int(np.flatnonzero(values == 0)[0])
        members = np.where(members == place, ZERO, members - (members > place))
    return members
