"""Gradients of kernels as products of matrices, against those of TensorFlow's operator, in turn."""

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
SMALL_POINTS = [(64, 8, 192, 32), (64, 8, 32, 192), (64, 2, 960, 160), (16, 14, 384, 64), (16, 7, 960, 160)]
POINTS = [(64, 16, 24, 144), (16, 28, 192, 32), *SMALL_POINTS]
"""Of MobileNetV2, and below those of ResNets: batch, side, channels, filters."""
SQUARES = [
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
@pytest.mark.parametrize(
    ("dtype", "kernel_side", "shapes"),
    [("bfloat16", 3, SQUARES), ("bfloat16", 1, SMALL_POINTS), ("float32", 1, POINTS)],
)
def test_products_are_faster_where_they_are_used(
    dtype: str, kernel_side: int, shapes: list[tuple[int, int, int, int]]
) -> None:
    import tensorflow as tf

    from engine.launch.bfloat16_processor import multiplies_bfloat16
    from engine.training.convolution_gradient import safe_convolution_gradients

    if dtype == "bfloat16" and not multiplies_bfloat16():
        pytest.skip("this processor does not multiply bfloat16")
    ratios = []
    for batch, side, channels, filters in shapes:
        maps = [tf.cast(tf.random.normal([batch, side, side, channels]), dtype) for _ in range(COPIES)]
        of_output = tf.cast(tf.random.normal([batch, side, side, filters]), dtype)
        kernel = tf.cast(tf.random.normal([kernel_side, kernel_side, channels, filters]), dtype)

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
        print(
            f"\n{dtype}, {kernel_side}×{kernel_side}, {batch} maps of {side}²×{channels} → {filters}: {ratios[-1]:.2f}"
        )
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
