"""Keeps kernels at few distinct values while a network trains: every value is the mean of its cluster's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import tensorflow as tf

from engine.graph.keras_objects import Variable
from engine.training.centroids import Centroids, nearest
from engine.training.projection import Projection

ZERO = -1
"""The cluster of the values that are kept at zero; TensorFlow's segment operations leave negative ones out."""


class ClusterProjection(Projection):
    """Clusters over `kernels` (Keras variables). The members are fixed; the clusters' values are trained.

    Each batch moves the values of a cluster apart by their own gradients; their mean is where the cluster goes, which
    is a step along the mean of the gradients (Han et al. 2016, figure 3, with the mean for the sum).
    """

    def __init__(self, kernels: Sequence[Variable], members: Sequence[np.ndarray]) -> None:
        """
        Args:
            members: for each kernel the cluster of each value, from 0 or `ZERO`; integers, the kernel's shape.
        """
        self._kernels = list(kernels)
        firsts = np.cumsum([0, *(int(ids.max()) + 1 for ids in members)])
        flat = np.concatenate(
            [np.where(ids == ZERO, ZERO, ids + first).ravel() for ids, first in zip(members, firsts[:-1], strict=True)]
        )
        by_cluster = np.argsort(flat, kind="stable")[np.count_nonzero(flat == ZERO) :]
        self._kept, self._clusters = tf.constant(by_cluster, tf.int32), tf.constant(flat[by_cluster], tf.int32)
        self._sizes = tf.constant(np.bincount(flat[by_cluster]), tf.float32)
        self._places = tf.constant(flat + 1, tf.int32)

    def project(self) -> None:
        # All kernels as one: a chain of operations for each takes longer to trace and to run.
        values = tf.concat([tf.reshape(kernel, [-1]) for kernel in self._kernels], axis=0)
        sums = tf.math.segment_sum(tf.gather(values, self._kept), self._clusters)
        means = tf.math.divide_no_nan(sums, self._sizes)
        shared = tf.gather(tf.concat([[0.0], means], axis=0), self._places)
        sizes = [kernel.shape.num_elements() for kernel in self._kernels]
        for kernel, part in zip(self._kernels, tf.split(shared, sizes), strict=True):
            kernel.assign(tf.reshape(part, kernel.shape))


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
    """The clusters that a kernel already has, one per distinct value; as `cluster` returns them."""
    values, members = np.unique(kernel, return_inverse=True)
    members = members.reshape(kernel.shape)
    if keep_zeros and 0 in values:
        place = int(np.flatnonzero(values == 0)[0])
        members = np.where(members == place, ZERO, members - (members > place))
    return members
