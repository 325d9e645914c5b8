"""Computing in 16 bits where the hardware is made for it: the precision in effect, and the loss scale."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import tensorflow as tf

from engine.contract.errors import NutshellError
from engine.contract.training_settings import Precision
from engine.graph.keras_objects import Variable
from engine.launch.bfloat16_processor import missing_bfloat16

MIN_COMPUTE_CAPABILITY = (7, 0)
"""Of the first cards with tensor cores; on others, and on processors, 16 bits are no faster."""
FIRST_SCALE = 2.0**15
STEPS_TO_DOUBLE = 2000

_LISTS = "TF_AUTO_MIXED_PRECISION_GRAPH_REWRITE_"
_KEPT_IN_FLOAT32 = "Softmax,LogSoftmax,Sigmoid,SparseSoftmaxCrossEntropyWithLogits,Mean"
_BFLOAT16_LISTS = {f"{_LISTS}INFERLIST_REMOVE": _KEPT_IN_FLOAT32, f"{_LISTS}DENYLIST_ADD": _KEPT_IN_FLOAT32}
"""What TensorFlow's optimiser reads: left to itself, it computes the softmax and its loss in bfloat16 too."""


@contextmanager
def computing_in(precision: Precision) -> Iterator[LossScale | None]:
    """While it lasts, graphs that run for the first time compute in `precision`.

    Yields:
        The loss scale, where gradients are computed in float16. The exponent of bfloat16 is float32's: it needs none.

    Raises:
        NutshellError: bfloat16 is asked for, and would not be used.
    """
    if precision == "mixed_bfloat16":
        with _bfloat16():
            yield None
    elif computes_in_16_bits(precision):
        with mixed_precision():
            yield LossScale()
    else:
        yield None


def computes_in_16_bits(precision: Precision) -> bool:
    """Whether trainings compute in float16 on this machine; a processor never does."""
    if precision not in ("auto", "mixed_float16"):
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


@contextmanager
def _bfloat16() -> Iterator[None]:
    """While it lasts, oneDNN computes convolutions, dense layers and what stands between them in bfloat16.

    Weights, optimizer, the statistics of batch normalisation, means, softmax, loss and the saved network stay float32.
    """
    _refuse_unused_bfloat16()
    before = {name: os.environ.get(name) for name in _BFLOAT16_LISTS}
    os.environ.update(_BFLOAT16_LISTS)
    tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": False})
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _refuse_unused_bfloat16() -> None:
    """Raises: NutshellError: TensorFlow would leave the setting out without a word."""
    if tf.config.list_physical_devices("GPU"):
        raise NutshellError(
            'training.precision = "mixed_bfloat16" is for processors, and this training runs on a graphics card; use '
            '"mixed_float16".'
        )
    if os.environ.get("TF_ENABLE_ONEDNN_OPTS") == "0":
        raise NutshellError(
            "bfloat16 needs oneDNN, which TF_ENABLE_ONEDNN_OPTS=0 switches off; remove that variable, or set "
            'training.precision = "float32".'
        )
    if missing := missing_bfloat16():
        raise NutshellError(missing)


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
