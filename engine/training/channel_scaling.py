"""An affine function of each channel as a layer of its own, which no training changes."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf
import tf_keras

from engine.graph.keras_objects import LayerConfig


class ChannelScaling(tf_keras.layers.Layer):
    """scale · x + offset: what `Rescaling` and `Normalization` of Keras compute, wherever they stand in a network."""

    def __init__(self, scale: Sequence[float], offset: Sequence[float], **more: object) -> None:
        """
        Args:
            scale, offset: one of each, or one per channel.
        """
        super().__init__(**more)
        self.scale = tuple(scale)
        self.offset = tuple(offset)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        scaled = inputs * tf.constant(self.scale, tf.float32)
        return scaled + tf.constant(self.offset, tf.float32) if any(self.offset) else scaled

    def get_config(self) -> LayerConfig:
        return {**super().get_config(), "scale": list(self.scale), "offset": list(self.offset)}
