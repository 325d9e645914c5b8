"""Loss and accuracy of a classifier on images that it is not trained on."""

from __future__ import annotations

from functools import partial

import tensorflow as tf

from engine.datasets.source import Split
from engine.graph.keras_objects import NetworkPart
from engine.training.control import Control
from engine.training.feature_feed import FeatureFeed
from engine.training.feed import Feed
from engine.training.graph_building import StepFunction, compiled
from engine.training.objective import Objective, correct_predictions, cross_entropy


def evaluation_step(model: NetworkPart, objective: Objective) -> StepFunction:
    """One batch without training: cross-entropy, whatever the objective lowers."""
    return compiled(partial(evaluate_batch, objective), model)


def evaluate_batch(objective: Objective, images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """What `evaluation_step` does, not compiled."""
    outputs = objective.outputs(images, training=False)
    return tf.reduce_sum(cross_entropy(outputs, labels)), correct_predictions(outputs, labels)


def classified(feed: Feed | FeatureFeed, split: Split, evaluate: StepFunction, control: Control) -> tuple[float, float]:
    """Mean loss and accuracy on all images of a split."""
    loss_sum, right, seen = 0.0, 0, 0
    for images, labels in feed.in_order(split):
        control.raise_if_cancelled()
        loss, correct = evaluate(images, labels)
        loss_sum, right, seen = loss_sum + float(loss), right + int(correct), seen + len(labels)
    return loss_sum / seen, right / seen
