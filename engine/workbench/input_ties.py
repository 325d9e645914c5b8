"""Keeps input values from lying halfway between two integers, where runtimes round differently.

Pixels are fractions of 255, and subbands quarters of these: by the scale 1/255 every fourth value of a Haar
approximation is half an integer, by 2/255 from -1 to 1 every pixel is. TensorFlow Lite Micro rounds it away from zero,
LiteRT's own kernels to even. Pixels from 0 to 1 are whole integers by 1/255, and stay so: a wider range would round
each of them.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

WIDENED_BY = 1 / 1024
"""Of the range: a quarter of an integer at its end."""
STEPS = 255
"""Of int8 from one end of a range to the other."""
NEARLY = 1e-3
"""Of an integer: what the division by the scale may be off."""


def without_ties(least: float, greatest: float, images: Iterable[np.ndarray]) -> tuple[float, float]:
    """The range of an int8 input, a little wider where values of the images lie between two of its integers.

    Args:
        images: as the network is fed.
    """
    if not any(_has_ties(np.asarray(image), least, greatest) for image in images):
        return least, greatest
    return least * (1 + WIDENED_BY), greatest * (1 + WIDENED_BY)


def _has_ties(values: np.ndarray, least: float, greatest: float) -> bool:
    """Whether some values are half an integer; the integer of zero shifts all by a whole number."""
    scale = (max(greatest, 0.0) - min(least, 0.0)) / STEPS
    if scale <= 0:
        return False
    integers = values.astype(np.float64) / scale
    return bool((np.abs(integers - np.floor(integers) - 0.5) < NEARLY).any())
