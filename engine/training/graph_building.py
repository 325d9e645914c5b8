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

StepFunction = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]
"""Images and labels → (summed loss, number of correct predictions)."""


def compiled(step: StepFunction, model: NetworkPart) -> StepFunction:
    """`step` as a graph for batches of any size, made now and not with the first batch."""
    signature = [tf.TensorSpec(model.input_shape, tf.float32), tf.TensorSpec([None], tf.int64)]
    # Nothing in a network's layers branches on a tensor; AutoGraph would only read all of their sources first.
    function: Any = tf.function(step, input_signature=signature, autograph=False)
    with collector_at_rest():
        function.get_concrete_function()
    found: StepFunction = function
    return found
