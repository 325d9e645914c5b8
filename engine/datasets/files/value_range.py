"""One scale for the values of all images of a study: which value is black, and which is white."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LARGEST = 65535


@dataclass(frozen=True)
class ValueRange:
    """The values that become 0 and 65535, in every image alike."""

    low: float
    high: float
    of_all_images: bool = False
    """Whether it is the recipe's `images.value_range`, which holds for images of eight and sixteen bits too."""

    def pixels(self, values: np.ndarray) -> np.ndarray:
        """uint16 of the same shape: (value - low) / (high - low), cut to 0…1, times 65535, rounded.

        Raises:
            OSError: there are values that are no numbers.
        """
        if not np.isfinite(values).all():
            raise OSError("holds values that are no numbers")
        share = (values.astype(np.float64) - self.low) / (self.high - self.low)
        return np.rint(np.clip(share, 0, 1) * LARGEST).astype(np.uint16)


def is_on_own_scale(values: np.ndarray) -> bool:
    """Whether the type does not say which value is white: fractions, signed numbers, and more than sixteen bits."""
    return values.dtype.newbyteorder("=") not in (np.uint8, np.uint16)


def pixels_of(values: np.ndarray, value_range: ValueRange | None) -> np.ndarray:
    """An image's values as uint8 or uint16; those on a scale of their own by the range.

    Raises:
        OSError: they are on a scale of their own and no range is known, or are no numbers.
    """
    own = is_on_own_scale(values)
    if value_range is not None and (own or value_range.of_all_images):
        return value_range.pixels(values)
    if own:
        raise OSError("holds values on a scale of their own, and no training image does; set images.value_range")
    return values.astype(values.dtype.newbyteorder("="), copy=False)
