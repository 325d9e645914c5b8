"""Layers that compute differently while a network trains for int8, because TensorFlow Lite splits each into several.

The values between two such operators are integers too, and need a known range.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import tensorflow as tf
import tf_keras

from engine.graph.keras_objects import KerasLayer
from engine.training.hard_activations import HardSigmoid
from engine.training.kernels import kernel_of

LOGISTIC_MAX = 255 / 256
"""TensorFlow Lite holds a sigmoid in int8 as so many 256ths, whatever its values are."""
MIN_SCALE = 1e-6
"""Of a normalised channel: the converter knows no scale of zero."""


class QuantizedHardSigmoid(HardSigmoid):
    """With int8 after its addition and at its end; both ranges are known beforehand."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        shifted = tf.quantization.fake_quant_with_min_max_args(tf.nn.relu6(inputs + 3.0), 0.0, 6.0)
        return tf.quantization.fake_quant_with_min_max_args(shifted * (1.0 / 6.0), 0.0, 1.0)


class QuantizedSigmoid(tf_keras.layers.Layer):
    """A sigmoid inside of a network, in the int8 that it has in every file."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return _logistic(inputs)


class QuantizedSwish(tf_keras.layers.Layer):
    """x · sigmoid(x), whose sigmoid is an operator of its own."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return inputs * _logistic(inputs)


class QuantizedBatchNormalization(tf_keras.layers.BatchNormalization):
    """One that follows no convolution that it could be folded into: infers as a depthwise 1×1 convolution.

    Its kernel is one value per channel, with one scale per channel, so that int8 holds it exactly. Trains as any other.
    """

    def call(self, inputs: tf.Tensor, training: bool | None = None, mask: tf.Tensor | None = None) -> tf.Tensor:
        if training:
            return super().call(inputs, training=training, mask=mask)
        kernel = tf.math.rsqrt(self.moving_variance + self.epsilon) * (self.gamma if self.scale else 1.0)
        scaled = tf.nn.depthwise_conv2d(inputs, kernel[None, None, :, None], (1, 1, 1, 1), "VALID")
        return tf.nn.bias_add(scaled, (self.beta if self.center else 0.0) - self.moving_mean * kernel)


LOGISTIC_FORMS: Mapping[str, type[tf_keras.layers.Layer]] = MappingProxyType(
    {"sigmoid": QuantizedSigmoid, "swish": QuantizedSwish, "silu": QuantizedSwish}
)
"""By the activation's name."""
INT8_FORMS = (QuantizedHardSigmoid, QuantizedSigmoid, QuantizedSwish, QuantizedBatchNormalization)


def int8_form(layer: KerasLayer) -> KerasLayer:
    """A new layer of the same settings, in the form that int8 needs."""
    kind: type[tf_keras.layers.Layer] = type(layer)
    if kind is tf_keras.layers.Activation and (form := _logistic_form(layer)) is not None:
        return form(name=layer.name)
    if kind is HardSigmoid:
        kind = QuantizedHardSigmoid
    elif kind is tf_keras.layers.BatchNormalization and not _is_folded(layer):
        kind = QuantizedBatchNormalization
    return kind.from_config(layer.get_config())


def _logistic(inputs: tf.Tensor) -> tf.Tensor:
    return tf.quantization.fake_quant_with_min_max_args(tf.sigmoid(inputs), 0.0, LOGISTIC_MAX)


def _logistic_form(activation: tf_keras.layers.Activation) -> type[tf_keras.layers.Layer] | None:
    """None for an activation without a sigmoid, and for the network's output, which stays a float while it trains."""
    if not activation.outbound_nodes:
        return None
    return LOGISTIC_FORMS.get(activation.get_config()["activation"])


def _is_folded(normalisation: tf_keras.layers.BatchNormalization) -> bool:
    """Whether it alone follows a convolution or dense layer, into which the converter folds it."""
    source = normalisation.inbound_nodes[0].inbound_layers
    return kernel_of(source) is not None and len(source.outbound_nodes) == 1
