"""The exponential moving average of all weights beside a training, to see what a network would gain by it."""

from __future__ import annotations

import tensorflow as tf

from engine.graph.keras_objects import KerasModel
from engine.training.projection import Projection


class AveragedWeights(Projection):
    """Follows the weights and the statistics of batch normalisation; changes nothing of the training."""

    def __init__(self, model: KerasModel, decay: float) -> None:
        self._decay = decay
        self._weights = list(model.variables)
        self._averages = [tf.Variable(weight, trainable=False) for weight in self._weights]
        self._batches = tf.Variable(0.0, trainable=False)

    def project(self) -> None:
        # Early averages are of few batches: as in TensorFlow's ExponentialMovingAverage with `num_updates`.
        self._batches.assign_add(1.0)
        decay = tf.minimum(self._decay, (1.0 + self._batches) / (10.0 + self._batches))
        for weight, average in zip(self._weights, self._averages, strict=True):
            average.assign(decay * average + (1.0 - decay) * weight)

    def assign_averages(self) -> None:
        """Give the network the averages instead of its weights."""
        for weight, average in zip(self._weights, self._averages, strict=True):
            weight.assign(average)
