"""Gradients of kernels in bfloat16 as products of matrices, against those of TensorFlow's operator, in turn."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest

COPIES = 8
"""In one call, so that calling takes no part."""
TURNS = 15
MAX_RATIO = 1.05
"""Of any: none is slower beyond noise; the mean of all is at most `MAX_MEAN_RATIO`."""
MAX_MEAN_RATIO = 0.85
SHAPES = [
    (64, 2, 128, 128),
    (64, 4, 128, 128),
    (64, 2, 256, 256),
    (64, 4, 256, 256),
    (32, 4, 512, 512),
    (32, 7, 512, 512),
    (32, 8, 256, 256),
]


@pytest.mark.benchmark
@pytest.mark.timeout(1200)
def test_products_are_faster_where_they_are_used() -> None:
    import tensorflow as tf

    from engine.launch.bfloat16_processor import multiplies_bfloat16
    from engine.training.convolution_gradient import safe_convolution_gradients

    if not multiplies_bfloat16():
        pytest.skip("this processor does not multiply bfloat16")
    ratios = []
    for batch, side, channels, filters in SHAPES:
        maps = [tf.cast(tf.random.normal([batch, side, side, channels]), tf.bfloat16) for _ in range(COPIES)]
        of_output = tf.cast(tf.random.normal([batch, side, side, filters]), tf.bfloat16)
        kernel = tf.cast(tf.random.normal([3, 3, channels, filters]), tf.bfloat16)

        @tf.function(autograph=False)
        def ours(maps: list[Any], of_output: Any = of_output, kernel: Any = kernel) -> Any:
            found = []
            for images in maps:
                with safe_convolution_gradients():
                    outputs = tf.nn.conv2d(images, kernel, 1, "SAME")
                found += tf.gradients(outputs, [kernel], of_output)
            return _touched(found)

        @tf.function(autograph=False)
        def tensorflows(maps: list[Any], of_output: Any = of_output, kernel: Any = kernel) -> Any:
            return _touched(
                [
                    tf.raw_ops.Conv2DBackpropFilter(
                        input=images,
                        filter_sizes=kernel.shape,
                        out_backprop=of_output,
                        strides=[1, 1, 1, 1],
                        padding="SAME",
                    )
                    for images in maps
                ]
            )

        pairs = [(_seconds(ours, maps), _seconds(tensorflows, maps)) for _ in range(TURNS + 1)][1:]
        ratios.append(statistics.median(one / two for one, two in pairs))
        print(f"\n3×3, {batch} maps of {side}²×{channels} → {filters}: {ratios[-1]:.2f}")
    print(f"mean {statistics.mean(ratios):.2f} (at most {MAX_MEAN_RATIO})")
    assert max(ratios) <= MAX_RATIO
    assert statistics.mean(ratios) <= MAX_MEAN_RATIO


def _touched(gradients: list[Any]) -> Any:
    """One figure that needs all of them."""
    import tensorflow as tf

    return tf.add_n([tf.cast(tf.reshape(one, [-1])[0], tf.float32) for one in gradients])


def _seconds(function: Callable[[list[Any]], Any], maps: list[Any]) -> float:
    started = time.perf_counter()
    function(maps).numpy()
    return time.perf_counter() - started
