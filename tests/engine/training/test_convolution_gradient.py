"""Gradients with oneDNN are those without it, also where oneDNN by itself writes past its memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.backbones.backbone import BACKBONES
from engine.launch.bfloat16_processor import missing_bfloat16
from tests.engine.training.gradients_of_backbone import BATCH, SMALLER_BATCH

MAX_APART = 1e-3
"""Of a gradient's norm, or of a thousandth of all gradients' where its own is less."""
SIDE = 56


@pytest.mark.parametrize("channels", [3, 7, 16])
@pytest.mark.parametrize("stride", [2, 3])
def test_a_strided_point_convolution_has_the_gradient_of_every_nth_pixel(channels: int, stride: int) -> None:
    import tensorflow as tf

    from engine.training.convolution_gradient import safe_convolution_gradients

    kernel = tf.Variable(tf.random.stateless_normal([1, 1, channels, 2 * channels], seed=(7, 7)))

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None, SIDE, SIDE, channels])])
    def gradients(images: Any) -> Any:
        with safe_convolution_gradients():
            outputs = tf.nn.conv2d(images, kernel, stride, "SAME")
            goal = tf.reduce_sum(tf.square(outputs)) / 2
        return outputs, *tf.gradients(goal, [images, kernel])

    images = np.random.default_rng(7).random((BATCH, SIDE, SIDE, channels), dtype=np.float32)
    for size in (BATCH, SMALLER_BATCH, BATCH):
        outputs, of_images, of_kernel = (value.numpy() for value in gradients(images[:size]))
        seen = images[:size, ::stride, ::stride]
        np.testing.assert_allclose(of_kernel[0, 0], np.einsum("nhwi,nhwo->io", seen, outputs), rtol=1e-3)
        expected = outputs @ kernel.numpy()[0, 0].T
        np.testing.assert_allclose(of_images[:, ::stride, ::stride], expected, rtol=1e-3, atol=1e-3)
        assert np.count_nonzero(of_images) <= np.count_nonzero(expected)


@pytest.mark.parametrize("kind", ["float32", "bfloat16"])
@pytest.mark.parametrize(
    ("kernel_side", "height", "width", "padding", "channels"),
    [
        *[(3, side, side, "SAME", 256) for side in (1, 2, 4, 8)],
        *[(3, 2, 4, "SAME", 256), (3, 1, 3, "SAME", 257), (3, 5, 4, "VALID", 256), (5, 4, 4, "SAME", 256)],
        *[(3, 4, 4, "SAME", 5), (1, 5, 16, "SAME", 5), (3, 9, 4, "SAME", 256)],
    ],
)
def test_a_small_map_has_the_gradients_of_float64(
    kernel_side: int, height: int, width: int, padding: str, channels: int, kind: str
) -> None:
    import tensorflow as tf

    from engine.training.convolution_gradient import safe_convolution_gradients

    filters = channels + 1
    random = np.random.default_rng(7)
    kernel_shape = (kernel_side, kernel_side, channels, filters)
    # Values of few bits, so that bfloat16 holds them and what is summed before it is rounded.
    kernel = random.integers(-3, 4, kernel_shape).astype(np.float32)

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None, height, width, channels])])
    def gradients(images: Any) -> Any:
        with safe_convolution_gradients():
            images, typed = tf.cast(images, kind), tf.constant(kernel, kind)
            outputs = tf.nn.conv2d(images, typed, 1, padding)
            goal = tf.reduce_sum(tf.cast(outputs, tf.float32) * weighting(outputs))
        return [tf.cast(one, tf.float32) for one in tf.gradients(goal, [images, typed])]

    def weighting(outputs: Any) -> Any:
        shape = tf.shape(outputs)
        return tf.cast(tf.reshape(tf.range(tf.reduce_prod(shape)) % 4, shape), tf.float32)

    for size in (3, 2):
        images = random.integers(-3, 4, (size, height, width, channels)).astype(np.float32)
        with tf.GradientTape() as tape:
            exact = [tf.constant(value, tf.float64) for value in (images, kernel)]
            tape.watch(exact)
            outputs = tf.nn.conv2d(*exact, 1, padding)
            goal = tf.reduce_sum(outputs * tf.cast(weighting(outputs), tf.float64))
        tolerance = 1e-5 if kind == "float32" else 2**-7
        of_images, of_kernel = zip(gradients(images), tape.gradient(goal, exact), strict=True)
        # That of the images is TensorFlow's own, and sums in bfloat16 where the processor has none of it.
        kept = [of_kernel] if kind == "bfloat16" and missing_bfloat16() else [of_images, of_kernel]
        for ours, true in kept:
            np.testing.assert_allclose(ours, true, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    ("height", "width", "kernel_sides", "stride", "padding"),
    [
        *[(4, 1, (3, 3), 2, "SAME"), (1, 1, (3, 3), 2, "SAME"), (2, 2, (7, 7), 3, "SAME"), (9, 1, (2, 2), 3, "SAME")],
        *[(9, 2, (5, 5), 3, "SAME"), (4, 1, (1, 3), 3, "SAME"), (5, 1, (3, 1), 2, "VALID")],
    ],
)
def test_in_bfloat16_a_map_narrower_than_the_stride_has_its_gradients(
    height: int, width: int, kernel_sides: tuple[int, int], stride: int, padding: str
) -> None:
    """TensorFlow's own are arbitrary values there, others at each call."""
    import tensorflow as tf

    from engine.launch.bfloat16_processor import multiplies_bfloat16
    from engine.training.convolution_gradient import safe_convolution_gradients
    from engine.training.precision import computing_in

    if not multiplies_bfloat16():
        pytest.skip("this processor does not multiply bfloat16")
    random = np.random.default_rng(7)
    images = random.normal(size=(32, height, width, 16)).astype(np.float32)
    kernel = random.normal(size=(*kernel_sides, 16, 32)).astype(np.float32)

    def gradients(images: Any, kernel: Any) -> Any:
        with safe_convolution_gradients():
            outputs = tf.nn.conv2d(tf.nn.relu(images), kernel, stride, padding)
            goal = tf.reduce_sum(tf.square(tf.nn.relu(outputs)))
        return tf.gradients(goal, [images, kernel])

    with tf.GradientTape() as tape:
        exact = [tf.constant(value, tf.float64) for value in (images, kernel)]
        tape.watch(exact)
        outputs = tf.nn.conv2d(tf.nn.relu(exact[0]), exact[1], stride, padding)
        goal = tf.reduce_sum(tf.square(tf.nn.relu(outputs)))
    expected = [value.numpy() for value in tape.gradient(goal, exact)]
    with computing_in("mixed_bfloat16"):
        compiled = tf.function(gradients, autograph=False)
        for _ in range(4):
            for ours, true in zip(compiled(images, kernel), expected, strict=True):
                assert np.linalg.norm(ours.numpy() - true) < 0.02 * np.linalg.norm(true)


def test_few_channels_and_batches_of_changing_sizes(checkout: Path, tmp_path: Path) -> None:
    assert _apart("resnet18", 0.05, 96, checkout, tmp_path) < MAX_APART


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("width", "side"), [(0.05, 32), (0.05, 96), (0.25, 64)])
@pytest.mark.parametrize("kind", [*BACKBONES])
def test_every_backbone(kind: str, width: float, side: int, checkout: Path, tmp_path: Path) -> None:
    assert _apart(kind, width, side, checkout, tmp_path) < MAX_APART


def _apart(kind: str, width: float, side: int, checkout: Path, folder: Path) -> float:
    """The largest distance of a gradient with oneDNN from that without."""
    with_onednn, without = (_gradients((kind, str(width), str(side)), flag, checkout, folder) for flag in "10")
    whole = np.sqrt(sum(np.square(value).sum() for value in without.values()))
    distances = [
        np.linalg.norm(with_onednn[name] - value) / max(float(np.linalg.norm(value)), 1e-3 * whole)
        for name, value in without.items()
    ]
    print(f"\n{kind} ×{width} at {side}²: {max(distances):.1e} apart")
    return float(max(distances))


def _gradients(arguments: tuple[str, ...], onednn: str, checkout: Path, folder: Path) -> dict[str, np.ndarray]:
    path = folder / f"with{onednn}.npz"
    command = [sys.executable, "-m", "tests.engine.training.gradients_of_backbone", *arguments, str(path)]
    environment = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": onednn}
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return dict(np.load(path))
