"""Affine maps of images through OpenCV: bilinear, with the image's mean colour where nothing is mapped to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.imaging.opencv import CHANNELS_AT_ONCE, opencv


def warped(images: np.ndarray, matrices: np.ndarray) -> np.ndarray:
    """Each image mapped by a matrix of its own.

    Args:
        images: (n, height, width, channels), uint8 or uint16.
        matrices: (n, 2, 3), float64: where in the image (x, y) each pixel of the result comes from.
    """
    cv2 = opencv()
    result = np.empty_like(images)
    for place, (image, matrix) in enumerate(zip(images, matrices, strict=True)):
        for first in range(0, images.shape[3], CHANNELS_AT_ONCE):
            some = image[:, :, first : first + CHANNELS_AT_ONCE]
            # As floats: OpenCV weighs the neighbours of eight bits in fixed-point numbers, up to a grey level off.
            mapped = warped_image(some.astype(np.float32), matrix, cv2.mean(some))
            result[place, :, :, first : first + CHANNELS_AT_ONCE] = np.rint(mapped)
    return result


def warped_image(image: np.ndarray, matrix: np.ndarray, fill: Sequence[float]) -> np.ndarray:
    """One image (height, width, at most 4 channels), mapped; `fill` has a value per channel."""
    cv2 = opencv()
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    mapped = cv2.warpAffine(image, matrix, image.shape[1::-1], None, flags, cv2.BORDER_CONSTANT, fill)
    return mapped.reshape(image.shape)


def one_after_another(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The maps that do at once what `second` does to the results of `first`; all (n, 2, 3)."""
    together = first[:, :, :2] @ second
    together[:, :, 2] += first[:, :, 2]
    return together


def about_middle(linear: np.ndarray, height: int, width: int) -> np.ndarray:
    """Matrices for `warped` from linear maps (n, 2, 2) of (x, y) that leave the image's middle where it is."""
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    return np.concatenate([linear, (middle - linear @ middle)[:, :, None]], axis=2)
