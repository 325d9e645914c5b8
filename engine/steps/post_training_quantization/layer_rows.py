"""Which inputs give which outputs of a convolution or dense layer: each place of a map is a row."""

from __future__ import annotations

import numpy as np

from engine.export.model_part import CutModel
from engine.measurement.tflite_graph import KERNEL_INPUT

DEPTHWISE = "DEPTHWISE_CONV_2D"
VALID = 1
"""Of TensorFlow Lite's paddings."""


def sampled_rows(
    cut: CutModel, number: int, inputs: np.ndarray, outputs: np.ndarray, count: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Some places of every image, the same number of each, in the images' order.

    Args:
        number: an operator with a kernel, and no transposed convolution.
        inputs: float32 (images, …), what it takes; `outputs`, (images, …, channels), what belongs to that.
        count: about how many rows; at least one per image.

    Returns:
        float32 (rows, taken), or (rows, taken, channels) of a depthwise convolution, and float32 (rows, channels).
    """
    kind = cut.kind(number)
    kernel = cut.shape(cut.inputs(number)[KERNEL_INPUT[kind]])
    if kind == "FULLY_CONNECTED":
        return inputs.reshape(-1, kernel[1]), outputs.reshape(-1, kernel[0])
    images, height, width, channels = outputs.shape
    each = min(height * width, -(-count // images))
    places = np.concatenate([generator.permutation(height * width)[:each] for _ in range(images)])
    image, (down, right) = np.repeat(np.arange(images), each), np.divmod(places, width)
    options = cut.options(number)
    rows, above = _taps(down, inputs.shape[1], kernel[1], height, options.strideH, options.dilationHFactor, options)
    columns, before = _taps(right, inputs.shape[2], kernel[2], width, options.strideW, options.dilationWFactor, options)
    padded = np.pad(inputs, ((0, 0), above, before, (0, 0)))
    taken = padded[image[:, None, None], rows[:, :, None], columns[:, None, :]]
    if kind == DEPTHWISE:
        taken = taken.reshape(len(taken), kernel[1] * kernel[2], -1)
        # Output channels of one input channel lie side by side.
        taken = np.repeat(taken, channels // taken.shape[2], axis=2)
    else:
        taken = taken.reshape(len(taken), -1)
    return taken, outputs[image, down, right]


def as_matrix(kernel: np.ndarray, kind: str) -> np.ndarray:
    """A kernel as stored → (taken, channels)."""
    return kernel.reshape(-1, kernel.shape[3]) if kind == DEPTHWISE else kernel.reshape(kernel.shape[0], -1).T


def as_kernel(matrix: np.ndarray, kind: str, shape: tuple[int, ...]) -> np.ndarray:
    """And back."""
    return (matrix if kind == DEPTHWISE else matrix.T).reshape(shape)


def _taps(
    places: np.ndarray, length: int, side: int, made: int, stride: int, dilation: int, options: object
) -> tuple[np.ndarray, tuple[int, int]]:
    """Where along one side of the padded input each value of the kernel lies, (places, side), and the padding."""
    reach = (side - 1) * dilation + 1
    missing = 0 if options.padding == VALID else max((made - 1) * stride + reach - length, 0)  # type: ignore[attr-defined]
    return places[:, None] * stride + np.arange(side) * dilation, (missing // 2, missing - missing // 2)
