"""How far a network's outputs lie from those that it had, while a step changes some of its weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from engine.contract.errors import NutshellError
from engine.graph.keras_objects import KerasModel
from engine.graph.layer_graph import LayerGraph
from engine.inspection.output_costs import End, logits_of, scheme_cost
from engine.workbench.labelled_images import LabelledImages, image_batches

NO_NUMBERS = 1e6
"""Nats; so far from the other changes that it comes last, and finite, as whoever sums up and compares needs it."""


class OutputDivergence:
    """The network as it is when this is made, over some images, is what later calls compare with."""

    def __init__(
        self, model: KerasModel, graph: LayerGraph, sample: LabelledImages, between_batches: Callable[[], None]
    ) -> None:
        """
        Args:
            model: a classifier that ends in a softmax or sigmoid.
            graph: of the model.
            between_batches: raises `Cancelled` where the user cancelled.

        Raises:
            NutshellError: the network gives no numbers, so there is nothing to compare with.
        """
        self._graph, self._sample, self._between_batches = graph, sample, between_batches
        self._classify = tf.function(
            lambda images: model(images, training=False),
            input_signature=[tf.TensorSpec(model.input_shape, tf.float32)],
            autograph=False,
        )
        self._before = self._logits()
        if not np.isfinite(self._before).all():
            raise NutshellError(
                "The network gives no numbers (NaN or infinity) for some images; check its weights, or train it at a "
                "lower learning rate."
            )
        self._end: End = "LOGISTIC" if self._before.shape[1] == 1 else "SOFTMAX"

    def now(self) -> float:
        """Mean Kullback-Leibler divergence of the probabilities that it gives now, in nats; `NO_NUMBERS` where a change
        leaves none."""
        logits = self._logits()
        if not np.isfinite(logits).all():
            return NO_NUMBERS
        return min(scheme_cost(self._before, logits, self._sample.labels, self._end).kl, NO_NUMBERS)

    def _logits(self) -> np.ndarray:
        outputs = []
        for batch in image_batches(self._sample.images, self._graph):
            self._between_batches()
            outputs.append(self._classify(tf.constant(batch)).numpy())
        return logits_of(np.concatenate(outputs))
