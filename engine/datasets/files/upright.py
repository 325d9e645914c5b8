"""Turns an image as its EXIF orientation says."""

from __future__ import annotations

import numpy as np

TURNS = {
    1: (0, False),
    2: (0, True),
    3: (2, False),
    4: (2, True),
    5: (1, True),
    6: (3, False),
    7: (3, True),
    8: (1, False),
}
"""Orientation → quarter turns to the left, after mirroring left and right or not."""


def upright(image: np.ndarray, orientation: int) -> np.ndarray:
    """The image (height, width, ...) as it is to be seen; an unknown orientation leaves it as it is."""
    turns, mirrored = TURNS.get(orientation, (0, False))
    return np.ascontiguousarray(np.rot90(image[:, ::-1] if mirrored else image, turns))
