"""Adam and AdamW whose update of a variable is one operation of TensorFlow's instead of fifteen.

A narrow network has many small variables, and the operations take longer to start than to compute.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tf_keras


class FusedAdam(tf_keras.optimizers.Adam):
    """As tf_keras.optimizers.Adam, without `amsgrad` and `adaptive_epsilon`."""

    def update_step(self, gradient: tf.Tensor, variable: Any) -> None:
        _update(self, gradient, variable)


class FusedAdamW(tf_keras.optimizers.AdamW):
    """As tf_keras.optimizers.AdamW, without `amsgrad`."""

    def update_step(self, gradient: tf.Tensor, variable: Any) -> None:
        _update(self, gradient, variable)


def _update(optimizer: Any, gradient: tf.Tensor, variable: Any) -> None:
    """The formula of tf_keras (Kingma and Ba 2015, at the end of section 2), on the moments that it keeps."""
    place = optimizer._index_dict[optimizer._var_key(variable)]
    step = tf.cast(optimizer.iterations + 1, variable.dtype)
    beta_1, beta_2, rate, epsilon = (
        tf.cast(value, variable.dtype)
        for value in (optimizer.beta_1, optimizer.beta_2, optimizer.learning_rate, optimizer.epsilon)
    )
    tf.raw_ops.ResourceApplyAdam(
        var=variable.handle,
        m=optimizer._momentums[place].handle,
        v=optimizer._velocities[place].handle,
        beta1_power=tf.pow(beta_1, step),
        beta2_power=tf.pow(beta_2, step),
        lr=rate,
        beta1=beta_1,
        beta2=beta_2,
        epsilon=epsilon,
        grad=tf.convert_to_tensor(gradient),
    )
