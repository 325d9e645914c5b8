"""Makes TensorFlow graphs with the garbage collector off.

A graph is made of many lasting objects, which the collector would scan again and
again without finding anything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from engine.graph.keras_objects import NetworkPart
from engine.launch.garbage_collector import collector_at_rest
from engine.training.mixed_labels import MixedLabels

StepFunction = Callable[[tf.Tensor, tf.Tensor | MixedLabels], tuple[tf.Tensor, tf.Tensor]]
"""Images and labels → (summed loss, number of correct predictions)."""


def compiled(step: StepFunction, model: NetworkPart, mixed_labels: bool = False) -> StepFunction:
    """`step` as a graph for batches of any size, made now and not with the first batch.

    Args:
        mixed_labels: whether it is given `MixedLabels`; one graph takes either these or plain labels.
    """
    labels: tf.TensorSpec | MixedLabels = tf.TensorSpec([None], tf.int64)
    if mixed_labels:
        labels = MixedLabels(labels, labels, tf.TensorSpec([None], tf.float32))
    signature = [tf.TensorSpec(model.input_shape, tf.float32), labels]
    # Nothing in a network's layers branches on a tensor; AutoGraph would only read all of their sources first.
    function: Any = tf.function(step, input_signature=signature, autograph=False)
    with collector_at_rest():
        function.get_concrete_function()
    found: StepFunction = function
    return found
