"""Pruning and clustering as a plain script of the TensorFlow Model Optimization Toolkit does them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import tensorflow_model_optimization as tfmot
import tf_keras

from engine.steps.magnitude_pruning.sparsity_schedule import RAMP_SHARE
from engine.training.feed import Batch, Feed
from engine.training.kernels import clone

UPDATES = 100


def fitted(model: Any, feed: Feed, epochs: int, rate: float, callbacks: list[Any]) -> None:
    """`model.fit` on the same batches in the same order, the rate falling as a cosine to a hundredth."""

    def batches() -> Iterator[Batch]:
        for epoch in range(1, epochs + 1):
            yield from feed.training_epoch(epoch)

    decay = tf_keras.optimizers.schedules.CosineDecay(rate, epochs * feed.batches, alpha=0.01)
    model.compile(tf_keras.optimizers.Adam(decay), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(batches(), steps_per_epoch=feed.batches, epochs=epochs, callbacks=callbacks, shuffle=False, verbose=0)


def pruned(trained: Any, feed: Feed, epochs: int, rate: float, sparsity: float) -> Any:
    """PolynomialDecay on every convolution, at the sparsity from three quarters on, then stripped."""
    steps = epochs * feed.batches
    schedule = tfmot.sparsity.keras.PolynomialDecay(
        0.0, sparsity, 0, round(RAMP_SHARE * steps), frequency=max(1, steps // UPDATES)
    )

    def wrap(layer: Any) -> Any:
        if isinstance(layer, tf_keras.layers.Conv2D):
            return tfmot.sparsity.keras.prune_low_magnitude(layer, schedule)
        return layer

    model = tf_keras.models.clone_model(clone(trained), clone_function=wrap)
    fitted(model, feed, epochs, rate, [tfmot.sparsity.keras.UpdatePruningStep()])
    return tfmot.sparsity.keras.strip_pruning(model)


def clustered(trained: Any, feed: Feed, epochs: int, rate: float, clusters: int) -> Any:
    """k-means++ on every convolution and dense layer, then stripped."""

    def wrap(layer: Any) -> Any:
        if isinstance(layer, tf_keras.layers.Conv2D | tf_keras.layers.Dense):
            return tfmot.clustering.keras.cluster_weights(
                layer,
                number_of_clusters=clusters,
                cluster_centroids_init=tfmot.clustering.keras.CentroidInitialization.KMEANS_PLUS_PLUS,
            )
        return layer

    model = tf_keras.models.clone_model(clone(trained), clone_function=wrap)
    fitted(model, feed, epochs, rate, [])
    return tfmot.clustering.keras.strip_clustering(model)
