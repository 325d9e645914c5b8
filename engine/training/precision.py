"""Computing in 16 bits on graphics cards made for it: the precision in effect, and the loss scale."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import tensorflow as tf

from engine.graph.keras_objects import Variable

Precision = Literal["auto", "float32", "mixed_float16"]

MIN_COMPUTE_CAPABILITY = (7, 0)
"""Of the first cards with tensor cores; on others, and on processors, 16 bits are no faster."""
FIRST_SCALE = 2.0**15
STEPS_TO_DOUBLE = 2000


def computes_in_16_bits(precision: Precision) -> bool:
    """Whether trainings compute in mixed precision on this machine; a processor never does."""
    if precision == "float32":
        return False
    cards = tf.config.list_physical_devices("GPU")
    capabilities = [tf.config.experimental.get_device_details(card).get("compute_capability") for card in cards]
    return bool(cards) and all(one is not None and one >= MIN_COMPUTE_CAPABILITY for one in capabilities)


@contextmanager
def mixed_precision() -> Iterator[None]:
    """While it lasts, TensorFlow's graph optimiser computes in float16 where that is safe.

    Weights, optimizer and the saved network stay float32, so that nothing else has to know.
    """
    tf.config.optimizer.set_experimental_options({"auto_mixed_precision": True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({"auto_mixed_precision": False})


class LossScale:
    """Lifts gradients out of the range where float16 is zero (Micikevicius et al. 2018, section 3.2).

    An update whose gradients are not finite is left out, and the scale halved; after many good ones it is doubled.
    """

    def __init__(self) -> None:
        self._scale = tf.Variable(FIRST_SCALE, trainable=False, name="loss_scale")
        self._good_steps = tf.Variable(0, dtype=tf.int64, trainable=False, name="good_steps")

    @property
    def variables(self) -> list[Variable]:
        """What a continued training needs."""
        return [self._scale, self._good_steps]

    def scaled(self, loss: tf.Tensor) -> tf.Tensor:
        """What the gradients are to be taken of."""
        return loss * self._scale

    def apply(self, gradients: Sequence[tf.Tensor], update: Callable[[Sequence[tf.Tensor]], object]) -> None:
        """Call `update` with the gradients of the loss itself, unless one of them is not finite."""
        unscaled = [gradient / self._scale for gradient in gradients]
        finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(gradient)) for gradient in unscaled])

        def take() -> tf.Tensor:
            update(unscaled)
            self._good_steps.assign_add(1)
            if_long = self._good_steps >= STEPS_TO_DOUBLE
            self._scale.assign(tf.where(if_long, self._scale * 2.0, self._scale))
            return self._good_steps.assign(tf.where(if_long, tf.zeros_like(self._good_steps), self._good_steps))

        def leave_out() -> tf.Tensor:
            self._scale.assign(tf.maximum(self._scale / 2.0, 1.0))
            return self._good_steps.assign(0)

        tf.cond(finite, take, leave_out)
