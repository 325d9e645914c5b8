"""Figures of each image of a batch that augmentations measure their strength by, quickly."""

from __future__ import annotations

import numpy as np

from engine.imaging.opencv import CHANNELS_AT_ONCE, opencv


def mean_colours(images: np.ndarray) -> np.ndarray:
    """The rounded mean of each image and channel, (n, channels), in the images' dtype.

    Args:
        images: (n, height, width, channels), uint8 or uint16.
    """
    cv2 = opencv()
    channels = range(0, images.shape[3], CHANNELS_AT_ONCE)
    means = [
        [mean for first in channels for mean in cv2.mean(image[:, :, first : first + CHANNELS_AT_ONCE])]
        for image in images
    ]
    # OpenCV always gives four, and zeros for the channels that an image has not.
    return np.rint(np.asarray(means)[:, : images.shape[3]]).astype(images.dtype)


def value_spans(images: np.ndarray) -> np.ndarray:
    """The brightest minus the darkest value of each image, float32 (n,); at least 1."""
    flat = images.reshape(len(images), -1)
    return np.maximum(flat.max(axis=1) - flat.min(axis=1), 1).astype(np.float32)


def as_pixels(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Rounded and kept within the range of a whole-number dtype; `values` may be changed."""
    np.rint(values, out=values)
    np.clip(values, 0, np.iinfo(dtype).max, out=values)
    return values.astype(dtype)
