"""Gradients of convolutions where oneDNN's own are wrong or slow.

Of strided 1×1 convolutions: for fewer channels than one of its blocks has (8 with AVX2, 16 with AVX-512) oneDNN writes
past its own memory: https://github.com/uxlfoundation/oneDNN/issues/6035. A residual network's shortcuts are such
convolutions. Of other convolutions, on maps narrower than their stride, its gradients in bfloat16 are arbitrary values.
Of 1×1 convolutions, and in bfloat16 of small maps of many channels, plain products of matrices have the same gradients
in half to three quarters of the time, see `tests/benchmarks/test_convolution_gradient_time.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import product

import tensorflow as tf

from engine.graph.keras_objects import LayerConfig

_NAME = "Conv2DWithoutStridedKernelGradient"
MAX_SIDE_OF_PRODUCTS = 8
"""Of the maps, in pixels."""
MAX_SIDE_OF_POINTS = 14
"""And of those that a 1×1 convolution reads, in bfloat16."""
MIN_CHANNELS_OF_PRODUCTS, MIN_CHANNELS_TO_SIDE = 128, 32
"""Of what goes in and comes out; and as a multiple of the maps' side: for larger maps only more channels pay."""


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
    if _is_plain(images.shape, kernel.shape, settings) and _pays_as_product(kernel.shape, images):
        of_kernel = tf.reshape(
            [
                tf.matmul(_as_rows(seen), _as_rows(reached), transpose_a=True)
                for seen, reached in _pixels_of_each_weight(images, of_output, kernel.shape)
            ],
            kernel.shape,
        )
    elif _strides_over(images.shape, settings) and images.shape[3] == kernel.shape[2]:
        of_kernel = _as_product_of_patches(images, of_output, kernel.shape, settings)
    else:
        of_kernel = tf.raw_ops.Conv2DBackpropFilter(
            input=images, filter_sizes=tf.shape(kernel), out_backprop=of_output, **settings
        )
    return of_images, of_kernel


def _pixels_of_each_weight(
    images: tf.Tensor, of_output: tf.Tensor, kernel_shape: tf.TensorShape
) -> Iterator[tuple[tf.Tensor, tf.Tensor]]:
    """For each place of the kernel, row by row: the pixels that it multiplies and the outputs that they reach."""
    height, width = images.shape[1:3]
    rows, columns = kernel_shape[:2]
    for row, column in product(range(-(rows // 2), rows // 2 + 1), range(-(columns // 2), columns // 2 + 1)):
        seen = images[:, max(row, 0) : height + min(row, 0), max(column, 0) : width + min(column, 0)]
        reached = of_output[:, max(-row, 0) : height - max(row, 0), max(-column, 0) : width - max(column, 0)]
        yield seen, reached


def _as_product_of_patches(
    images: tf.Tensor, of_output: tf.Tensor, kernel_shape: tf.TensorShape, settings: LayerConfig
) -> tf.Tensor:
    rows, columns, channels, filters = kernel_shape
    sizes = [1, rows, columns, 1]
    patches = tf.image.extract_patches(images, sizes, settings["strides"], settings["dilations"], settings["padding"])
    product = tf.matmul(tf.reshape(patches, [-1, rows * columns * channels]), _as_rows(of_output), transpose_a=True)
    return tf.reshape(product, [rows, columns, channels, filters])


def _as_rows(maps: tf.Tensor) -> tf.Tensor:
    return tf.reshape(maps, [-1, maps.shape[-1]])


def _pays_as_product(kernel_shape: tf.TensorShape, images: tf.Tensor) -> bool:
    sides, channels = images.shape[1:3], kernel_shape[2:]
    if kernel_shape[:2] == (1, 1):
        return max(sides) <= MAX_SIDE_OF_POINTS or not _computes_in_bfloat16(images)
    return (
        kernel_shape[:2] == (3, 3)
        and 1 < max(sides) <= MAX_SIDE_OF_PRODUCTS
        and min(channels) >= max(MIN_CHANNELS_OF_PRODUCTS, MIN_CHANNELS_TO_SIDE * max(sides))
        and _computes_in_bfloat16(images)
    )


def _computes_in_bfloat16(images: tf.Tensor) -> bool:
    """Whether it does once the graph runs: TensorFlow's optimiser puts the casts in, see `computing_in`."""
    options = tf.config.optimizer.get_experimental_options()
    return images.dtype == tf.bfloat16 or options.get("auto_mixed_precision_onednn_bfloat16", False)


def _strides_over(images_shape: tf.TensorShape, settings: LayerConfig) -> bool:
    """Whether a stride is longer than the map."""
    return (
        settings["data_format"] == "NHWC"
        and settings["padding"] in ("SAME", "VALID")
        and images_shape[1:].is_fully_defined()
        and any(side < stride for side, stride in zip(images_shape[1:3], settings["strides"][1:3], strict=True))
    )


def _is_plain(images_shape: tf.TensorShape, kernel_shape: tf.TensorShape, settings: LayerConfig) -> bool:
    """Whether each output lies over its own pixel: no stride, dilation, groups or unusual padding."""
    return (
        settings["data_format"] == "NHWC"
        and max(settings["strides"]) == max(settings["dilations"]) == 1
        and settings["padding"] == "SAME"
        and images_shape[1:].is_fully_defined()
        and images_shape[3] == kernel_shape[2]
    )


def _is_strided_point(kernel_shape: tf.TensorShape, settings: LayerConfig) -> bool:
    is_point = kernel_shape[:2] == (1, 1) and settings["data_format"] == "NHWC" and settings["padding"] != "EXPLICIT"
    return is_point and max(settings["strides"]) > 1
