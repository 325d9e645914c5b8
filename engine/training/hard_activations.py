"""MobileNetV3's activations as layers: in Keras they are plain operations, which cannot be wrapped."""

from __future__ import annotations

import tensorflow as tf
import tf_keras


class HardSigmoid(tf_keras.layers.Layer):
    """relu6(x + 3) / 6 of any shape (Howard et al. 2019, section 5.2); Keras 2's own activation has another slope."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return tf.nn.relu6(inputs + 3.0) * (1.0 / 6.0)


class HardSwish(tf_keras.layers.Layer):
    """x · relu6(x + 3) / 6 of any shape; one operator in TensorFlow Lite."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return inputs * tf.nn.relu6(inputs + 3.0) * (1.0 / 6.0)
