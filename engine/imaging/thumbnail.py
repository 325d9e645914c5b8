"""Small copies of decoded images for the screen, so that the window never scales a photograph itself. No Qt."""

from __future__ import annotations

import numpy as np
from PIL import Image


def thumbnail(image: np.ndarray, side: int) -> np.ndarray:
    """The image no larger than `side` pixels either way; a smaller one keeps its size.

    Args:
        image: (height, width) or (height, width, 1 or 3), uint8 or uint16.

    Returns:
        (height, width) or (height, width, 3), uint8. Sixteen bits are stretched by the brightest pixel: scanners
        that use twelve of them would look black otherwise.
    """
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[:, :, 0]
    step = max(max(image.shape[:2]) // (4 * side), 1)
    image = image[::step, ::step]
    if image.dtype == np.uint16:
        image = (image.astype(np.float32) * (255.0 / max(int(image.max()), 1))).astype(np.uint8)
    if max(image.shape[:2]) <= side:
        return image
    picture = Image.fromarray(np.ascontiguousarray(image))
    picture.thumbnail((side, side), Image.Resampling.BILINEAR)
    return np.asarray(picture)
