"""Keeps the zeros that an earlier pruning made, while a later step trains."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from engine.graph.keras_objects import Variable
from engine.training.projection import Projection


class KeptZeros(Projection):
    """Holds every value of `kernels` that is zero now at zero."""

    def __init__(self, kernels: Sequence[Variable]) -> None:
        self._pairs = [
            (kernel, tf.Variable(tf.cast(kernel != 0, tf.float32), trainable=False, name=f"zeros_{place}"))
            for place, kernel in enumerate(kernels)
        ]

    def project(self) -> None:
        for kernel, mask in self._pairs:
            kernel.assign(kernel * mask)
