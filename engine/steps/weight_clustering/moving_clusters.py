"""Clusters whose members may change while a network trains: k-means continues, one step per batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from engine.graph.keras_objects import Variable
from engine.training.cluster_projection import ZERO
from engine.training.projection import Projection


class MovingClusters(Projection):
    """Few values per kernel, where a weight may move to another cluster.

    Each weight keeps a value of its own that gradients move as if it were used (straight-through, as quantisation-aware
    training does); the kernel holds the mean of those nearest to it. With members fixed, training could only move the
    means.
    """

    def __init__(self, kernels: Sequence[Variable], members: Sequence[np.ndarray]) -> None:
        """
        Args:
            members: for each kernel the cluster of each value, from 0 in the order of their values, or `ZERO` for
                those that stay zero; integers, the kernel's shape.
        """
        self._kernels = [_Clustered.of(kernel, ids) for kernel, ids in zip(kernels, members, strict=True)]

    def project(self) -> None:
        for one in self._kernels:
            one.project()

    def state(self) -> dict[str, np.ndarray]:
        found: dict[str, np.ndarray] = {}
        for place, one in enumerate(self._kernels):
            found |= {f"{place}.own": one.own.numpy(), f"{place}.centroids": one.centroids.numpy()}
        return found

    def restore(self, state: dict[str, np.ndarray]) -> None:
        for place, one in enumerate(self._kernels):
            one.own.assign(state[f"{place}.own"])
            one.centroids.assign(state[f"{place}.centroids"])
            one.shared.assign(tf.reshape(one.kernel, [-1]))


@dataclass(frozen=True)
class _Clustered:
    """One kernel and the values behind it; all flat."""

    kernel: Variable
    own: Variable
    """What each value would be without clusters."""
    shared: Variable
    """What the kernel held after the last projection."""
    centroids: Variable
    """Ascending."""
    kept: tf.Tensor
    """False for those that stay zero."""

    @classmethod
    def of(cls, kernel: Variable, ids: np.ndarray) -> _Clustered:
        values, flat = kernel.numpy().ravel(), ids.ravel()
        count = int(ids.max()) + 1
        sizes = np.bincount(flat[flat != ZERO], minlength=count)
        means = np.bincount(flat[flat != ZERO], weights=values[flat != ZERO], minlength=count) / np.maximum(sizes, 1)
        return cls(
            kernel,
            tf.Variable(values, trainable=False),
            tf.Variable(values, trainable=False),
            tf.Variable(means.astype(np.float32) if count else np.zeros(1, np.float32), trainable=False),
            tf.constant(flat != ZERO),
        )

    def project(self) -> None:
        own = self.own + tf.reshape(self.kernel, [-1]) - self.shared
        middles = (self.centroids[1:] + self.centroids[:-1]) / 2
        nearest = tf.searchsorted(middles, own)
        members = tf.where(self.kept, nearest, ZERO)
        count = self.centroids.shape[0]
        sizes = tf.math.unsorted_segment_sum(tf.ones_like(own), members, count)
        means = tf.math.unsorted_segment_mean(own, members, count)
        # A cluster without members stays where it is, so that they all stay in order.
        centroids = tf.where(sizes > 0, means, self.centroids)
        shared = tf.where(self.kept, tf.gather(centroids, nearest), 0.0)
        self.own.assign(own)
        self.centroids.assign(centroids)
        self.shared.assign(shared)
        self.kernel.assign(tf.reshape(shared, self.kernel.shape))
