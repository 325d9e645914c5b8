"""Gradients of strided 1×1 convolutions that oneDNN cannot get wrong.

For fewer channels than one of its blocks has (8 with AVX2, 16 with AVX-512) oneDNN writes past its own memory there:
https://github.com/uxlfoundation/oneDNN/issues/6035. A residual network's shortcuts are such convolutions.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

import tensorflow as tf

from engine.graph.keras_objects import LayerConfig

_NAME = "Conv2DWithoutStridedKernelGradient"


def safe_convolution_gradients() -> AbstractContextManager[None]:
    """Of the convolutions that a compiled function makes inside; `tf.gradients` heeds it, a gradient tape does not."""
    overrides: AbstractContextManager[None] = tf.compat.v1.get_default_graph().gradient_override_map({"Conv2D": _NAME})
    return overrides


@tf.RegisterGradient(_NAME)
def _gradients(convolution: tf.Operation, of_output: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Of the images and of the kernel; a strided 1×1 convolution is a plain one of every n-th pixel."""
    images, kernel = convolution.inputs
    settings = {
        name: convolution.get_attr(name)
        for name in ("strides", "padding", "explicit_paddings", "dilations", "data_format", "use_cudnn_on_gpu")
    }
    settings = {name: value.decode() if isinstance(value, bytes) else value for name, value in settings.items()}
    of_images = tf.raw_ops.Conv2DBackpropInput(
        input_sizes=tf.shape(images), filter=kernel, out_backprop=of_output, **settings
    )
    if _is_strided_point(kernel.shape, settings):
        # Every n-th pixel, as a slice with strides has them, in a tenth of its time.
        images = tf.raw_ops.MaxPool(input=images, ksize=[1, 1, 1, 1], strides=settings["strides"], padding="VALID")
        settings |= {"strides": [1, 1, 1, 1]}
    of_kernel = tf.raw_ops.Conv2DBackpropFilter(
        input=images, filter_sizes=tf.shape(kernel), out_backprop=of_output, **settings
    )
    return of_images, of_kernel


def _is_strided_point(kernel_shape: tf.TensorShape, settings: LayerConfig) -> bool:
    is_point = kernel_shape[:2] == (1, 1) and settings["data_format"] == "NHWC" and settings["padding"] != "EXPLICIT"
    return is_point and max(settings["strides"]) > 1
